/**
 * Fits in threads of their own: all statistics and all searching are done there, for they would hold up the event loop. Whoever
 * runs one degrades what it asks for, and keeps what it tells:
 *
 *     const outcome = await threads.run({ problem, kept }, { degrade, keep }, { signal });
 */
import { type Abortable, ThreadPool } from "@pssr/platform";
import type { FitOutcome, KeptLook, Look } from "./fit-outcome.js";
import type { FitProblem, GreyTile } from "./fit-problem.js";

export interface FitTask {
  problem: FitProblem;
  /** Looks of earlier attempts, in their order: the fit goes on behind them. */
  kept: readonly KeptLook[];
}

export interface FitCaller {
  /** All high-resolution tiles of the look's set, degraded: low-resolution pixels of the same type, tile by tile. */
  degrade(look: Look, options: Abortable): Promise<GreyTile["values"][]>;
  /** Keeps a look; the next one is asked for when this is done. */
  keep(look: KeptLook, options: Abortable): Promise<void>;
}

/** What a fit asks for. */
export type FitQuestion = { type: "degrade"; look: Look } | { type: "keep"; look: KeptLook };

export class FitThreads {
  readonly #pool: ThreadPool<FitTask, FitOutcome>;

  /** @param threads Fits at once. */
  constructor(threads: number) {
    this.#pool = new ThreadPool({ script: new URL("./fit-thread.js", import.meta.url), name: "optimize", threads });
  }

  /** Throws INVALID_FIELD, with the path below `fit`, and UNSUITABLE_IMAGES for what cannot be fitted. */
  run(task: FitTask, caller: FitCaller, { signal }: Abortable): Promise<FitOutcome> {
    return this.#pool.run(task, {
      ...(signal && { signal }),
      answer: async (question, options) => {
        const asked = question as FitQuestion;
        if (asked.type === "degrade") return { value: await caller.degrade(asked.look, options) };
        return { value: await caller.keep(asked.look, options) };
      },
    });
  }

  close(): Promise<void> {
    return this.#pool.close();
  }
}
