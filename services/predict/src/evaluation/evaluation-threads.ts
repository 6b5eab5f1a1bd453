/** Threads that measure pairs of images. */
import { type Abortable, type ObjectStore, ThreadPool } from "@pssr/platform";
import { answerObjectQuestion, type ObjectQuestion } from "../reading/object-questions.js";
import type { ResolvedPair } from "./evaluation-job.js";
import type { Score } from "./scores.js";

export class EvaluationThreads {
  readonly #pool: ThreadPool<ResolvedPair, Score[]>;

  constructor(
    private readonly objects: ObjectStore,
    threads: number,
  ) {
    this.#pool = new ThreadPool({
      script: new URL("./evaluation-thread.js", import.meta.url),
      name: "evaluation",
      threads,
    });
  }

  measure(pair: ResolvedPair, { signal }: Abortable): Promise<Score[]> {
    return this.#pool.run(pair, {
      signal,
      answer: async (question, options) => ({
        value: await answerObjectQuestion(this.objects, question as ObjectQuestion, options),
      }),
    });
  }

  close(): Promise<void> {
    return this.#pool.close();
  }
}
