/**
 * Measures the noise of real images, in 255ths of their range: where the numbers of the measured presets come from.
 *
 *     node measure-noise.mjs pairs NOISY CLEAN    # folders with the same files: W2S, one frame and the mean of 400
 *     node measure-noise.mjs flat IMAGES          # a folder with uint8 images: the noise of flat places
 *
 * Pairs: the noisy image is fitted by gain · clean + offset; then, with the 0.1th and 99.9th percentile of the clean one as
 * black and white, the variance of what is left against the signal by a weighted line: 255² · (read² + photons · s) / photons².
 * Flat: of blocks of 8 × 8 pixels with about the same mean, the 20th percentile of the variance that J. Immerkær's operator
 * gives (Comput. Vis. Image Underst. 64, 1996), which structure disturbs least.
 */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { decodeImage } from "@pssr/imaging";

const limits = { maxPixels: 2 ** 26, maxBytes: 2 ** 28 };
const [mode, ...folders] = process.argv.slice(2);
const names = (await readdir(folders[0])).filter((name) => /\.(png|tiff?)$/.test(name)).sort();
const load = async (folder, name) => (await decodeImage(await readFile(join(folder, name)), limits)).pixels;

if (mode === "pairs") {
  const fits = [];
  for (const name of names) fits.push(photonTransfer(await load(folders[0], name), await load(folders[1], name)));
  const sound = fits.filter(({ photons }) => photons > 0);
  console.log(`${sound.length} of ${fits.length} pairs have noise that grows with the signal`);
  for (const key of ["photons", "readNoise"]) {
    const values = sound.map((fit) => fit[key]);
    console.log(key, [0.25, 0.5, 0.75].map((share) => quantile(values, share).toFixed(2)).join(" "));
  }
} else {
  const blocks = [];
  for (const name of names) blocks.push(...flatBlocks(await load(folders[0], name)));
  for (let low = 16; low < 240; low += 32) {
    const variances = blocks.filter(({ mean }) => mean >= low && mean < low + 32).map(({ variance }) => variance);
    if (variances.length < 200) continue;
    const deviation = Math.sqrt(quantile(variances, 0.2)).toFixed(2);
    console.log(`mean ${low} to ${low + 31}: standard deviation ${deviation} (${variances.length} blocks)`);
  }
}

function photonTransfer({ data: noisy }, { data: clean }) {
  const fit = line(Array.from(clean, (x, i) => ({ x, y: noisy[i], weight: 1 })));
  const [black, white] = [quantile(clean, 0.001), quantile(clean, 0.999)];
  const bins = Array.from({ length: 32 }, () => ({ count: 0, signal: 0, sum: 0, squares: 0 }));
  for (const [i, value] of clean.entries()) {
    const signal = (value - black) / (white - black);
    const bin = bins[Math.floor(signal * bins.length)];
    if (bin === undefined) continue;
    const noise = (noisy[i] - fit.slope * value - fit.height) / (fit.slope * (white - black));
    bin.count += 1;
    bin.signal += signal;
    bin.sum += noise;
    bin.squares += noise * noise;
  }
  const points = bins
    .filter(({ count }) => count >= 300)
    .map(({ count, signal, sum, squares }) => {
      const y = squares / count - (sum / count) ** 2;
      return { x: signal / count, y, weight: count / (y * y) };
    });
  const { slope, height } = line(points);
  return { photons: 1 / slope, readNoise: Math.sqrt(Math.max(0, height)) / slope };
}

function flatBlocks({ data, shape: [height, width] }) {
  const blocks = [];
  for (let top = 1; top + 8 < height; top += 8)
    for (let left = 1; left + 8 < width; left += 8) {
      let [mean, variance] = [0, 0];
      for (let n = 0; n < 64; n++) {
        const i = (top + (n >> 3)) * width + left + (n & 7);
        const row = (at) => [data[at - 1], data[at], data[at + 1]];
        const [[a, b, c], [d, e, f], [g, h, k]] = [row(i - width), row(i), row(i + width)];
        const edge = a + c + g + k - 2 * (b + d + f + h) + 4 * e;
        mean += e / 64;
        variance += edge ** 2 / 36 / 64;
      }
      blocks.push({ mean, variance });
    }
  return blocks;
}

/** The line through points with weights. */
function line(points) {
  const total = { weight: 0, x: 0, y: 0, xx: 0, xy: 0 };
  for (const { x, y, weight } of points) {
    total.weight += weight;
    total.x += weight * x;
    total.y += weight * y;
    total.xx += weight * x * x;
    total.xy += weight * x * y;
  }
  const slope = (total.xy - (total.x * total.y) / total.weight) / (total.xx - (total.x * total.x) / total.weight);
  return { slope, height: (total.y - slope * total.x) / total.weight };
}

function quantile(values, share) {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.floor(share * (sorted.length - 1))];
}
