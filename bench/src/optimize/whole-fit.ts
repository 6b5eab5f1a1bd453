/**
 * A whole fit over the public interface: tiles of 512², a budget of 60 evaluations, a chain of blur, photon and read noise; beside
 * as many calls of scikit-optimize's gp_minimize with PSSR2's objective on the same tiles.
 */
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { Crappifier, Fit, Image, type ImagePair, ParameterRange_Scale as Scale } from "@pssr/api";
import { connect, finish, uploadFile } from "@pssr/client";
import { encodePng, fromPixelBlock } from "@pssr/imaging";
import { startInstallation } from "../main-job/installation.js";
import type { PythonPeer } from "../peers/python-peer.js";
import { type Row, row } from "../row.js";

const slices = "examples/em-fibsem/train";
const parent = "projects/default";
const fittedTiles = 20;
const heldOutTiles = 7;
const evaluations = 60;
/** Blur in high-resolution pixels, mix, deviation in grey values. */
const truth = [2.5, 1.2, 10] as const;
const rounds = 3;

const p = (value: number) => ({ value, spread: 0 });
const chain = (sigma: number, mix: number, deviation: number) =>
  Crappifier.fromPartial({
    sampling: { scale: 4 },
    optics: [{ kind: { $case: "gaussianBlur", value: { sigma: p(sigma) } } }],
    detector: [
      { kind: { $case: "poisson", value: { mix: p(mix) } } },
      { kind: { $case: "gaussian", value: { sigma: p(deviation), mean: p(0) } } },
    ],
  });
const ranges = [
  { path: "optics[0].sigma.value", min: 0, max: 8, scale: Scale.SCALE_LINEAR },
  { path: "detector[0].mix.value", min: 0.05, max: 8, scale: Scale.SCALE_LOG },
  { path: "detector[1].sigma.value", min: 0.5, max: 60, scale: Scale.SCALE_LOG },
];

export async function wholeFit(folder: string, peer: PythonPeer, peerName: string): Promise<Row[]> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const installation = await startInstallation(join(folder, "data"));
  const client = connect(installation.address);
  try {
    const importFile = async (file: string, imageId: string): Promise<string> => {
      const upload = await uploadFile(client, file, { parent });
      const image = Image.fromPartial({ levels: { black: 0, white: 255 } });
      const operation = await client.images.createImage({ parent, imageId, upload: upload.name, image });
      return (await finish(client, operation, Image)).name;
    };
    const files = (await readdir(slices)).filter((name) => name.endsWith(".png")).sort();
    const pairs: ImagePair[] = [];
    const paths: [string, string][] = [];
    for (const [i, file] of files.slice(0, fittedTiles + heldOutTiles).entries()) {
      const high = await importFile(join(slices, file), `high-${i}`);
      const { low } = await client.crappify.preview({ image: high, crappifier: chain(...truth), seed: BigInt(i + 1) });
      const path = join(folder, `low-${i}.png`);
      await writeFile(path, encodePng(fromPixelBlock(low!)));
      pairs.push({ high, low: await importFile(path, `low-${i}`) });
      paths.push([resolve(slices, file), resolve(path)]);
    }
    const [ours, theirs]: [number[], number[]] = [[], []];
    for (let round = 1; round <= rounds; round++) {
      const fit = Fit.fromPartial({
        pairs,
        template: chain(1, 0.5, 3),
        ranges,
        seed: BigInt(round),
        budget: { $case: "maxEvaluations", value: evaluations },
      });
      const began = performance.now();
      const { result } = await finish(
        client,
        await client.fits.fitCrappifier({ parent, fitId: `fit-${round}`, fit }),
        Fit,
      );
      ours.push((performance.now() - began) / 1000);
      say(
        "ours",
        ours.at(-1)!,
        result!.parameters.map(({ value }) => value),
        `${result!.evaluations} evaluations`,
      );
      const found = await peer.ask<{ seconds: number; values: number[]; objective_seconds: number }>({
        pairs: paths.slice(0, fittedTiles),
        ranges: ranges.map(({ min, max }) => [min, max]),
        calls: evaluations,
        seed: round,
      });
      theirs.push(found.seconds);
      say(peerName, found.seconds, found.values, `${found.objective_seconds.toFixed(1)} s of it in the objective`);
    }
    const slowest = Math.max(...ours);
    return [
      row(
        "optimize/whole-fit",
        "s, slowest of 3",
        slowest,
        { most: 60 },
        { name: peerName, value: Math.min(...theirs) },
      ),
    ];
  } finally {
    client.close();
    await installation.stop();
  }
}

function say(who: string, seconds: number, values: number[], more: string): void {
  const numbers = values.map((value) => value.toFixed(2)).join(", ");
  process.stderr.write(`bench: ${who}: ${numbers}, and it is ${truth.join(", ")}; ${seconds.toFixed(1)} s; ${more}\n`);
}
