/** Everything a test of trainings needs, gone when it ends: a directory, the service that gives pairs, installations. */
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { isPssrError, Training } from "@pssr/api";
import type { TrainConfig } from "../dist/index.js";
import { type Installation, openInstallation, testKeyring } from "./installation.js";
import { datasetNamed, PairServer } from "./peer/pair-server.js";

export interface Workplace {
  directory: string;
  pairs: PairServer;
  open(config?: Partial<TrainConfig>, stopGraceMs?: number): Promise<Installation>;
}

export async function workplace(context: TestContext): Promise<Workplace> {
  const directory = await mkdtemp(join(tmpdir(), "pssr-test-"));
  // Trainings put their scratch folders here, away from those of others on this machine.
  const before = process.env.TMPDIR;
  process.env.TMPDIR = join(directory, "tmp");
  await mkdir(process.env.TMPDIR);
  const keyring = testKeyring();
  const pairs = await PairServer.start(keyring);
  const opened: Installation[] = [];
  context.after(async () => {
    pairs.release();
    for (const installation of opened) await installation.close();
    await pairs.close();
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
    await rm(directory, { recursive: true, force: true });
  });
  return {
    directory,
    pairs,
    async open(config = {}, stopGraceMs) {
      const installation = await openInstallation({ directory, crappify: pairs.address, keyring, config, stopGraceMs });
      const { close } = installation;
      let closing: Promise<void> | undefined;
      const once = { ...installation, close: () => (closing ??= close()) };
      opened.push(once);
      return once;
    },
  };
}

/** The smallest training that is one: 8 channels, one level, two pairs a step. */
export function smallTraining(steps: number, change: Parameters<typeof Training.fromPartial>[0] = {}): Training {
  return Training.fromPartial({
    dataset: datasetNamed,
    network: { family: { $case: "compact", value: { width: 8, blocks: 1, depth: 1 } } },
    learning: { budget: { $case: "maxSteps", value: BigInt(steps) }, batchSize: 2, seed: 5n },
    ...change,
  });
}

/** For assert.rejects: the error has this reason, and names this field. */
export function refusal(reason: Parameters<typeof isPssrError>[1], field?: string): (error: unknown) => boolean {
  return (error) => {
    if (!isPssrError(error, reason) || (field !== undefined && error.field !== field)) throw error;
    return true;
  };
}
