/**
 * Ports that count their writes and kill this process, without any chance to clean up, right before or right after the n-th. What
 * the stores do in between is theirs to make atomic, and tested there.
 */
import type { Claim, ObjectStore, Ports, StateStore } from "@pssr/platform";

const pieceBytes = 2 * 2 ** 20;

export interface Kill {
  /** Counting from 1; 0 for never. */
  write: number;
  when: "before" | "after";
}

export class WriteCounter {
  count = 0;
  /** Each write in words, in order. */
  readonly log: string[] = [];

  constructor(private readonly kill: Kill) {}

  async write<T>(what: string, action: () => Promise<T>): Promise<T> {
    this.count += 1;
    const number = this.count;
    this.log.push(what);
    if (number === this.kill.write && this.kill.when === "before") process.kill(process.pid, "SIGKILL");
    try {
      return await action();
    } finally {
      if (number === this.kill.write && this.kill.when === "after") process.kill(process.pid, "SIGKILL");
    }
  }
}

export function killingPorts(ports: Ports, counter: WriteCounter): Ports {
  const state: StateStore = {
    get: (...call) => ports.state.get(...call),
    put: (...call) => counter.write(`state.put ${call[0]}`, () => ports.state.put(...call)),
    delete: (...call) => counter.write(`state.delete ${call[0]}`, () => ports.state.delete(...call)),
    list: (...call) => ports.state.list(...call),
    watch: (...call) => ports.state.watch(...call),
  };
  const objects: ObjectStore = {
    put: (key, body, options) =>
      counter.write(`objects.put ${key}`, () => ports.objects.put(key, inPieces(key, body, counter), options)),
    get: (...call) => ports.objects.get(...call),
    getBytes: (...call) => ports.objects.getBytes(...call),
    range: (...call) => ports.objects.range(...call),
    stat: (...call) => ports.objects.stat(...call),
    list: (...call) => ports.objects.list(...call),
    delete: (...call) => counter.write(`objects.delete ${call[0]}`, () => ports.objects.delete(...call)),
    deletePrefix: (...call) =>
      counter.write(`objects.deletePrefix ${call[0]}`, () => ports.objects.deletePrefix(...call)),
  };
  return {
    state,
    objects,
    queue: {
      publish: (...call) => counter.write("queue.publish", () => ports.queue.publish(...call)),
      claim: async (...call) => killingClaim(await ports.queue.claim(...call), counter),
    },
    events: {
      publish: (...call) => counter.write("events.publish", () => ports.events.publish(...call)),
      subscribe: (...call) => ports.events.subscribe(...call),
    },
  };
}

/** What is large is sent in pieces, and each is a moment to die in the middle of the object. */
function inPieces(
  key: string,
  body: Uint8Array | AsyncIterable<Uint8Array>,
  counter: WriteCounter,
): Uint8Array | AsyncIterable<Uint8Array> {
  if (!(body instanceof Uint8Array) || body.length <= pieceBytes) return body;
  return (async function* () {
    for (let at = 0; at < body.length; at += pieceBytes) {
      yield await counter.write(`piece at ${at} of ${key}`, async () => body.subarray(at, at + pieceBytes));
    }
  })();
}

function killingClaim(claim: Claim, counter: WriteCounter): Claim {
  return {
    kind: claim.kind,
    jobId: claim.jobId,
    payload: claim.payload,
    trace: claim.trace,
    heartbeat: (...call) => counter.write("claim.heartbeat", () => claim.heartbeat(...call)),
    ack: (...call) => counter.write("claim.ack", () => claim.ack(...call)),
    giveBack: (...call) => counter.write("claim.giveBack", () => claim.giveBack(...call)),
  };
}
