/**
 * Threads that restore regions: they read, cut, put together and encode, so that the event loop does none of it. For bytes and
 * for the network they ask the thread that started them.
 */

import type { InferencePool } from "@pssr/inference";
import { type ObjectStore, ThreadPool } from "@pssr/platform";
import type { ModelFiles } from "../models/model-files.js";
import type { SpecifiedModel } from "../predictions/prediction-spec.js";
import { answerObjectQuestion, type ObjectQuestion } from "../reading/object-questions.js";
import type { RegionOrder } from "./region-board.js";
import type { EncodedRegion } from "./region-workers.js";

export interface RegionTask {
  readonly spec: RegionOrder["spec"];
  readonly index: number;
  readonly tilesInFlight: number;
}

/** Answer: Float32Array [height·scale, width·scale], in network units. */
export interface TileQuestion {
  readonly ask: "tile";
  readonly data: Float32Array;
  readonly height: number;
  readonly width: number;
}

export class RegionThreads {
  readonly #pool: ThreadPool<RegionTask, EncodedRegion>;

  constructor(
    private readonly objects: ObjectStore,
    private readonly models: ModelFiles,
    private readonly inference: InferencePool,
    private readonly settings: { threads: number; tilesInFlight: number },
  ) {
    this.#pool = new ThreadPool({
      script: new URL("./region-thread.js", import.meta.url),
      name: "prediction",
      threads: settings.threads,
    });
  }

  restore(
    { spec }: RegionOrder,
    index: number,
    { signal, onTile }: { signal: AbortSignal; onTile(): void },
  ): Promise<EncodedRegion> {
    const { tilesInFlight } = this.settings;
    return this.#pool.run(
      { spec, index, tilesInFlight },
      {
        signal,
        answer: async (asked) => {
          const question = asked as ObjectQuestion | TileQuestion;
          if (question.ask !== "tile") return { value: await answerObjectQuestion(this.objects, question, { signal }) };
          const value = await this.#runNetwork(spec.model, question, { signal });
          onTile();
          return { value, transfer: [value.buffer as ArrayBuffer] };
        },
      },
    );
  }

  close(): Promise<void> {
    return this.#pool.close();
  }

  async #runNetwork(
    model: SpecifiedModel,
    { data, height, width }: TileQuestion,
    options: { signal: AbortSignal },
  ): Promise<Float32Array> {
    const source = {
      digest: model.onnx.sha256,
      load: (loading: { signal: AbortSignal }) => this.models.onnx(model, loading),
    };
    return (await this.inference.run(source, { shape: [1, 1, height, width], data }, options)).data;
  }
}
