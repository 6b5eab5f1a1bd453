/** Asks a server by reflection what it serves. */
import type { Channel } from "@grpc/grpc-js";
import { PssrError } from "@pssr/api";
import {
  contractDescriptors,
  DescriptorFile,
  DescriptorIndex,
  type ReflectionAnswer,
  type ReflectionQuestion,
  type ReflectionResponse,
  reflectionDefinition,
  reflectionServices,
} from "@pssr/platform";
import { ClientError, createClient } from "nice-grpc";
import { Metadata, Status } from "nice-grpc-common";

/** A contract has some dozen files; a server that names more than this is broken or hostile. */
const maxFiles = 2000;

export interface ServedServices {
  readonly services: readonly string[];
  readonly descriptors: DescriptorIndex;
}

/** What the server behind a channel serves, without the services that every server has (`grpc.*`). UNAVAILABLE if it does not answer. */
export async function reflect(
  channel: Channel,
  options: { timeoutMs: number; signal: AbortSignal },
): Promise<ServedServices> {
  let unknown: unknown;
  for (const service of reflectionServices) {
    try {
      return await reflectWith(channel, service, options);
    } catch (error) {
      if (!(error instanceof ClientError && error.code === Status.UNIMPLEMENTED)) throw error;
      unknown = error;
    }
  }
  throw new PssrError("UNAVAILABLE", "The server has no reflection, so its methods cannot be known.", {
    cause: unknown,
  });
}

async function reflectWith(
  channel: Channel,
  service: (typeof reflectionServices)[number],
  { timeoutMs, signal }: { timeoutMs: number; signal: AbortSignal },
): Promise<ServedServices> {
  const client = createClient(reflectionDefinition(service), channel);
  const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  const metadata = Metadata({ "grpc-timeout": `${timeoutMs}m` });
  // One call for all: of several instances, old and new ones perhaps, one gives all the answers.
  const conversation = new Conversation((questions) =>
    client.serverReflectionInfo(questions, { signal: limit, metadata }),
  );
  try {
    return await servedBy(conversation);
  } finally {
    await conversation.end();
  }
}

async function servedBy(conversation: Conversation): Promise<ServedServices> {
  const [list] = await conversation.ask([{ kind: "listServices" }]);
  const services = list?.kind === "services" ? list.names.filter((name) => !name.startsWith("grpc.")) : [];
  const files = new Map<string, DescriptorFile>();
  // A backend of this release serves what this process has at hand already.
  const contract = contractDescriptors();
  const take = (answers: readonly ReflectionAnswer[]) => {
    for (const answer of answers) {
      if (answer.kind === "error") throw new PssrError("UNAVAILABLE", `Reflection failed: ${answer.message}`);
      if (answer.kind !== "files") continue;
      for (const bytes of answer.files) {
        const file = contract.fileWithBytes(bytes) ?? DescriptorFile.parse(bytes);
        files.set(file.name, file);
      }
    }
  };
  take(await conversation.ask(services.map((symbol) => ({ kind: "fileContainingSymbol", symbol }))));
  for (;;) {
    const imported = [...files.values()].flatMap((file) => file.dependency);
    const missing = [...new Set(imported)].filter((name) => !files.has(name));
    if (missing.length === 0) break;
    if (files.size + missing.length > maxFiles)
      throw new PssrError("UNAVAILABLE", `Reflection names over ${maxFiles} files.`);
    const before = files.size;
    take(await conversation.ask(missing.map((name) => ({ kind: "fileByName", name }))));
    if (files.size === before) throw new PssrError("UNAVAILABLE", `Reflection does not give ${missing.join(", ")}.`);
  }
  return { services, descriptors: new DescriptorIndex(files.values()) };
}

/** Questions and answers over one stream; each question has one answer, in their order. */
class Conversation {
  #waiting: ReflectionQuestion[] = [];
  #wake: () => void = () => {};
  #ended = false;
  readonly #answers: AsyncIterator<ReflectionResponse>;

  constructor(open: (questions: AsyncIterable<ReflectionQuestion>) => AsyncIterable<ReflectionResponse>) {
    this.#answers = open(this.#questions())[Symbol.asyncIterator]();
  }

  async ask(questions: readonly ReflectionQuestion[]): Promise<ReflectionAnswer[]> {
    this.#waiting.push(...questions);
    this.#wake();
    const answers: ReflectionAnswer[] = [];
    while (answers.length < questions.length) {
      const next = await this.#answers.next();
      if (next.done) throw new PssrError("UNAVAILABLE", "The server ended reflection before it had answered.");
      answers.push(next.value.answer);
    }
    return answers;
  }

  async end(): Promise<void> {
    this.#ended = true;
    this.#wake();
    await this.#answers.return?.();
  }

  async *#questions(): AsyncGenerator<ReflectionQuestion> {
    while (!this.#ended) {
      yield* this.#waiting.splice(0);
      if (this.#waiting.length === 0 && !this.#ended)
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
    }
  }
}
