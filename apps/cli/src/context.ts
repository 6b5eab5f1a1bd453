/** What every command that talks to an installation has: a client, a project, a way out for words, and a signal for Ctrl-C. */
import type { Operation, Progress } from "@pssr/api";
import { PssrError } from "@pssr/api";
import { connect, finish, type PssrClient } from "@pssr/client";
import type { Command } from "commander";
import { apiToken } from "./environment.js";
import { lostSightOf } from "./following.js";
import { Output } from "./terminal/output.js";
import { ShownOperation } from "./terminal/shown-operation.js";

export interface GlobalOptions {
  address: string;
  project: string;
  json?: boolean;
  /** File of the certificate authority to trust; given, the connection is encrypted. */
  ca?: string;
}

export class Context implements Disposable {
  readonly client: PssrClient;
  readonly output: Output;
  /** projects/{project} */
  readonly parent: string;
  readonly signal: AbortSignal;
  readonly #options: GlobalOptions;

  constructor(options: GlobalOptions, signal: AbortSignal) {
    this.#options = options;
    // grpc-js gives Node an IP address as a server's name. Whoever would read that this is deprecated cannot help it.
    if (options.ca !== undefined) process.noDeprecation = true;
    this.client = connect(options.address, { token: apiToken(), certificateAuthority: options.ca });
    this.output = new Output(options.json === true);
    this.parent = `projects/${options.project}`;
    this.signal = signal;
  }

  /** The same, with nothing to say: for parts of a larger work that shows its own progress. Dispose it apart. */
  silenced(): Context {
    return new Context({ ...this.#options, json: true }, this.signal);
  }

  /** The full name of what a person may call by its id: `images` + "scan-07" → "projects/default/images/scan-07". */
  name(collection: string, given: string): string {
    return given.startsWith("projects/") ? given : `${this.parent}/${collection}/${given}`;
  }

  /** A model version: "em-x4" means its newest version, "em-x4/run-2" one version of it. */
  modelVersion(given: string): string {
    if (given.startsWith("projects/")) return given;
    const [model, version = "latest", ...rest] = given.split("/");
    if (rest.length > 0)
      throw new PssrError("INVALID_FIELD", `"${given}" names no model version: give MODEL or MODEL/VERSION`);
    return `${this.parent}/models/${model}/versions/${version}`;
  }

  /** Follows an operation to its end, showing how far it is, and gives its response; `names` are those of a fit's numbers. */
  async finish<T>(
    operation: Operation,
    type: { decode(bytes: Uint8Array): T },
    label: string,
    { names, onProgress = () => undefined }: { names?: readonly string[]; onProgress?(progress: Progress): void } = {},
  ): Promise<T> {
    using shown = new ShownOperation(this.output.progress, label, names);
    let hasEnded = operation.done;
    const following = finish(this.client, operation, type, {
      signal: this.signal,
      onState: ({ operation: { done }, metadata }) => {
        hasEnded = done;
        shown.show(metadata);
        if (metadata.progress !== undefined) onProgress(metadata.progress);
      },
    });
    const result = await following.catch((error) => {
      throw hasEnded || this.signal.aborted ? error : lostSightOf(operation, error);
    });
    this.output.progress.clear();
    return result;
  }

  [Symbol.dispose](): void {
    this.output.progress.clear();
    this.client.close();
  }
}

/** Turns a function over a context into a commander action; `signal` is aborted by Ctrl-C. */
export function withContext<Args extends unknown[]>(
  signal: AbortSignal,
  run: (context: Context, ...args: Args) => Promise<void>,
) {
  return async (...args: [...Args, Command]) => {
    const command = args.at(-1) as Command;
    using context = new Context(command.optsWithGlobals<GlobalOptions>(), signal);
    await run(context, ...(args.slice(0, -1) as unknown as Args));
  };
}

/** Reads all pages of a list. */
export async function* allPages<Page extends { nextPageToken: string }>(
  read: (pageToken: string) => Promise<Page>,
): AsyncGenerator<Page> {
  let pageToken = "";
  do {
    const page = await read(pageToken);
    yield page;
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
}
