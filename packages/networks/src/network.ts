/**
 * A network: a function over `Ops<T>` with the configuration that made it; and a family, which makes networks of one kind
 * from a configuration.
 */
import type { Ops } from "./ops.js";

/** What decides a network's parameters. Plain JSON: stored with every model version. */
export interface NetworkConfig {
  /** A name of the registry: `compact`. */
  readonly family: string;
  /** Output pixels per input pixel along each side. 1 is denoising. */
  readonly scale: number;
  /** Neighbouring frames (2.5-D) that come in as channels; odd: the output belongs to the one in the centre. */
  readonly frames: number;
  /** The family's own options by name, all present. */
  readonly options: Readonly<Record<string, number>>;
}

export interface Network {
  readonly config: NetworkConfig;
  /** From [batch, height, width, `frames`] to [batch, height·`scale`, width·`scale`, 1], in whatever form `T` has. */
  build<T>(ops: Ops<T>, input: T): T;
}

/** One option of a family: whole numbers only, until a family needs more. */
export interface FamilyOption {
  readonly meaning: string;
  readonly default: number;
  readonly minimum: number;
  readonly maximum: number;
}

export interface NetworkFamily {
  readonly name: string;
  /** One sentence for people who choose. */
  readonly description: string;
  /** Scales on offer. */
  readonly scales: readonly number[];
  readonly options: Readonly<Record<string, FamilyOption>>;
  /** `config` is complete and within range (see `createNetwork`). */
  create(config: NetworkConfig): Network;
}
