/**
 * A proxy between a store and its S3 server that does to requests what networks and ill servers do. It passes headers on as
 * they are, `Host` too, which the client has signed.
 *
 *     proxy.fault = times(2, answers(503));
 */
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** In which a sender whose bytes nobody takes has filled all buffers on the way. */
const untilFullMs = 50;

/** Deals with a request in the server's place. */
export type Fault = (incoming: IncomingMessage, outgoing: ServerResponse, target: URL) => void;

export class FaultyProxy {
  /** Asked for every request: what is done to it; undefined: it is passed on. */
  fault: (incoming: IncomingMessage) => Fault | undefined = () => undefined;
  /** `METHOD /path?query` of all requests so far. */
  readonly requests: string[] = [];
  #server: Server | undefined;
  #port = 0;

  private constructor(private readonly target: URL) {}

  /** Between its endpoint and `target`, until `refuse`. */
  static async to(target: string): Promise<FaultyProxy> {
    const proxy = new FaultyProxy(new URL(target));
    await proxy.accept();
    return proxy;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Listens again after `refuse`, at the same address. */
  async accept(): Promise<void> {
    const server = createServer((incoming, outgoing) => {
      this.requests.push(`${incoming.method} ${incoming.url}`);
      (this.fault(incoming) ?? passesOn)(incoming, outgoing, this.target);
    });
    await new Promise<void>((resolve) => server.listen(this.#port, "127.0.0.1", resolve));
    this.#server = server;
    this.#port = (server.address() as AddressInfo).port;
  }

  /** Ends all connections and takes no more. */
  async refuse(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  }
}

/** The first `count` requests that `applies` to get the fault. */
export function times(
  count: number,
  fault: Fault,
  applies: (incoming: IncomingMessage) => boolean = () => true,
): FaultyProxy["fault"] {
  let left = count;
  return (incoming) => (applies(incoming) && left-- > 0 ? fault : undefined);
}

export const passesOn: Fault = (incoming, outgoing, target) => {
  incoming.pipe(
    ask(incoming, outgoing, target, (answer) => {
      outgoing.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(outgoing);
    }),
  );
};

/** The server never hears of this header, as if it did not know it. */
export function withoutHeader(name: string): Fault {
  return (incoming, outgoing, target) => {
    delete incoming.headers[name];
    passesOn(incoming, outgoing, target);
  };
}

/** Takes the request's body and answers by itself. */
export function answers(status: number, body = ""): Fault {
  return (incoming, outgoing) => {
    incoming.resume();
    incoming.once("end", () => outgoing.writeHead(status).end(body));
  };
}

/** Answers when the body has hardly begun, as a server does that is too busy to take it, and breaks the connection off. */
export function answersEarly(status: number): Fault {
  return (incoming) => {
    const { socket } = incoming;
    incoming.pause();
    setTimeout(() => {
      socket.write(`HTTP/1.1 ${status} Early\r\nContent-Length: 0\r\n\r\n`, () => socket.resetAndDestroy());
    }, untilFullMs);
  };
}

export const neverAnswers: Fault = (incoming) => {
  incoming.resume();
};

/** Passes on the first half of the answer's body, then does `then` to the connection. */
export function halfAnswers(then: "cut" | "fall silent"): Fault {
  return (incoming, outgoing, target) => {
    incoming.pipe(
      ask(incoming, outgoing, target, async (answer) => {
        const body = await whole(answer);
        outgoing.writeHead(answer.statusCode!, answer.headers);
        outgoing.write(body.subarray(0, body.length / 2), () => {
          if (then === "cut") outgoing.destroy();
        });
      }),
    );
  };
}

/** Passes on the first half of the request's body to the server, then cuts both connections. */
export const cutsRequest: Fault = async (incoming, outgoing, target) => {
  const body = await whole(incoming);
  const passed = ask(incoming, outgoing, target, () => undefined);
  passed.write(body.subarray(0, body.length / 2), () => {
    passed.destroy();
    outgoing.destroy();
  });
};

/** The server does what it is asked, but the answer is lost. */
export const losesAnswer: Fault = (incoming, outgoing, target) => {
  incoming.pipe(
    ask(incoming, outgoing, target, async (answer) => {
      await whole(answer);
      outgoing.destroy();
    }),
  );
};

/** Passes the answer on in so many pieces, one at a time. */
export function trickles(pieces: number, everyMs: number): Fault {
  return (incoming, outgoing, target) => {
    incoming.pipe(
      ask(incoming, outgoing, target, async (answer) => {
        const body = await whole(answer);
        outgoing.writeHead(answer.statusCode!, answer.headers);
        const length = Math.ceil(body.length / pieces);
        let at = 0;
        const timer = setInterval(() => {
          outgoing.write(body.subarray(at, at + length));
          at += length;
          if (at < body.length) return;
          clearInterval(timer);
          outgoing.end();
        }, everyMs);
      }),
    );
  };
}

function ask(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  target: URL,
  onAnswer: (answer: IncomingMessage) => void,
) {
  const { method, url, headers } = incoming;
  const passed = request({ host: target.hostname, port: target.port, method, path: url, headers, agent: false });
  passed.once("response", onAnswer);
  passed.on("error", () => outgoing.destroy()); // the server's end of the line broke, so ours does
  outgoing.once("close", () => passed.destroy());
  return passed;
}

/** The whole body; waits for ever where its sender breaks off, as then nobody is there to pass it on for. */
async function whole(body: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  body.on("data", (chunk) => chunks.push(chunk));
  await new Promise((resolve) => body.once("end", resolve));
  return Buffer.concat(chunks);
}
