/**
 * A detector of known noise is found again from pairs of images, once undisturbed and once while the pod that searches is killed:
 * the same crappifier, with no evaluation made twice but the one that was under way; and its name is as good as its numbers.
 */
import { Crappifier, Fit, Image, type OperationMetadata, ParameterRange_Scale } from "@pssr/api";
import { finish, type PssrClient } from "@pssr/client";
import { type KubectlOptions, kubectl, podsOf } from "./kubectl.js";
import { callsAnsweredBy } from "./pod-metrics.js";
import type { Report } from "./report.js";
import { secondsSince } from "./seconds.js";
import { Watcher, type WatchReport } from "./watcher.js";

export interface FitPlace {
  readonly client: PssrClient;
  readonly parent: string;
  /** High-resolution images. */
  readonly images: readonly string[];
}

interface Fitted {
  fit: Fit;
  /** Regions that crappify has degraded for it. */
  degraded: number;
  seconds: number;
  watch: WatchReport;
}

/** The detector: photon noise, of 255 photons at white, and read noise in 255ths of the range. */
const truth = { mix: 1, sigma: 10, mean: 0 };
/** Where the fit begins. */
const guess = { mix: 0.3, sigma: 2, mean: 0 };
const ranges = [
  { path: "detector[0].mix.value", min: 0.05, max: 8, scale: ParameterRange_Scale.SCALE_LOG },
  { path: "detector[1].sigma.value", min: 1, max: 60, scale: ParameterRange_Scale.SCALE_LOG },
  { path: "detector[1].mean.value", min: -20, max: 20 },
];
const evaluations = 80;
/** It goes on for seconds after so many. */
const evaluationsBeforeTheKill = 3;
/** In high-resolution pixels. */
const tileSize = 256;
/** Tiles that one evaluation degrades; a third as many are held back. */
const tiles = 24;
const previews = /grpc_service="pssr\.v1\.CrappifyService",grpc_method="Preview"/;

const detectorWith = ({ mix, sigma, mean }: typeof truth) =>
  Crappifier.fromPartial({
    sampling: { scale: 4 },
    detector: [
      { kind: { $case: "poisson", value: { mix: { value: mix } } } },
      { kind: { $case: "gaussian", value: { sigma: { value: sigma }, mean: { value: mean } } } },
    ],
  });

export async function disturbedFit(report: Report, place: FitPlace, options: KubectlOptions): Promise<void> {
  const { client } = place;
  const pairs = await Promise.all(place.images.map((image, i) => degraded(place, image, i, options)));
  const quiet = await fitting(place, "quiet", pairs, options);
  const [mix, sigma] = quiet.fit.result?.parameters ?? [];
  const isFound = isNear(mix?.value, truth.mix, 0.1) && isNear(sigma?.value, truth.sigma, 0.1);
  report.check("a fit finds the noise of a detector to a tenth", isFound, {
    truth,
    found: quiet.fit.result?.parameters,
    goodness: quiet.fit.result?.goodness,
    seconds: quiet.seconds,
  });

  const killed = await fitting(place, "killed", pairs, options, killPod);
  const repeated = killed.degraded - quiet.degraded;
  report.check("an optimize pod was killed in a fit, and another went on from there", killed.watch.attempts === 2, {
    seconds: killed.seconds,
    watch: killed.watch,
  });
  report.check("at most one evaluation was made twice", repeated >= 0 && repeated <= tiles, {
    degraded: killed.degraded,
    undisturbed: quiet.degraded,
    tiles,
  });
  report.check("the fit found what the undisturbed one found", sameNumbers(killed.fit, quiet.fit), {
    killed: killed.fit.result?.parameters,
  });

  const saved = killed.fit.result?.savedCrappifier ?? "";
  const noise = async (crappifier: Crappifier) => {
    const image = place.images[0]!;
    const { statistics } = await client.crappify.preview({ image, crappifier, seed: 1n }, options);
    return statistics?.standardDeviation ?? Number.NaN;
  };
  const byName = await noise(Crappifier.fromPartial({ named: { $case: "saved", value: saved } }));
  const byNumbers = await noise(detectorWith(truth));
  report.check("the saved crappifier, by its name, is as noisy as the detector", isNear(byName, byNumbers, 0.05), {
    saved,
    byName,
    byNumbers,
  });
}

/** What the detector makes of an image. */
async function degraded({ client, parent }: FitPlace, image: string, index: number, { signal }: KubectlOptions) {
  const imageId = `detector-${index}`;
  const crappifier = detectorWith(truth);
  const request = { image, imageId, crappifier, seed: BigInt(1000 + index) };
  await finish(client, await client.crappify.crappifyImage(request, { signal }), Image, { signal });
  return { low: `${parent}/images/${imageId}`, high: image };
}

async function fitting(
  { client, parent }: FitPlace,
  fitId: string,
  pairs: { low: string; high: string }[],
  options: KubectlOptions,
  disturb?: (fit: Watcher, options: KubectlOptions) => Promise<void>,
): Promise<Fitted> {
  const { signal } = options;
  const before = await callsAnsweredBy("crappify", previews, options);
  const begun = performance.now();
  const fit = Fit.fromPartial({
    template: detectorWith(guess),
    ranges,
    pairs,
    budget: { $case: "maxEvaluations", value: evaluations },
    tiles,
    tileSize,
    seed: 1n,
  });
  const { name } = await client.fits.fitCrappifier({ parent, fitId, fit }, { signal });
  const watcher = new Watcher(client, name, signal);
  await disturb?.(watcher, options);
  const watch = await watcher.ended;
  const seconds = secondsSince(begun);
  const { result } = await client.operations.getOperation({ name }, { signal });
  if (result?.$case !== "response") throw new Error(`${name} ended ${watch.end}: ${result?.value.message}`);
  const degradedThen = (await callsAnsweredBy("crappify", previews, options)) - before;
  return {
    fit: await client.fits.getFit({ name: Fit.decode(result.value.value).name }, { signal }),
    degraded: degradedThen,
    seconds,
    watch,
  };
}

/** Told to stop, it has a second: less than it takes to give its work back. */
async function killPod(fit: Watcher, options: KubectlOptions): Promise<void> {
  await fit.until("it had made a few evaluations", (state) => evaluationsOf(state) >= evaluationsBeforeTheKill);
  const [pod] = await podsOf("optimize", options);
  if (pod === undefined) throw new Error("there is no optimize pod");
  await kubectl(["delete", "pod", pod.name, "--grace-period=1"], options);
}

function evaluationsOf({ progress }: OperationMetadata): number {
  return progress?.details?.$case === "fit" ? progress.details.value.evaluations : 0;
}

function sameNumbers(one: Fit, other: Fit): boolean {
  const of = ({ result }: Fit) => JSON.stringify([result?.crappifier, result?.parameters, result?.evaluations]);
  return one.result !== undefined && of(one) === of(other);
}

function isNear(value: number | undefined, expected: number, tolerance: number): boolean {
  return value !== undefined && Math.abs(value - expected) <= tolerance * expected;
}
