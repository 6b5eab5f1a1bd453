import assert from "node:assert/strict";
import test from "node:test";
import { palette } from "../../dist/report/palette.js";
import { type FitReport, renderPng, renderSvg } from "../../dist/report/render-report.js";
import { textWidth } from "../../dist/report/stroke-font.js";
import { exampleLooks, exampleReport } from "./example-report.js";
import { type Picture, readRgbPng } from "./rgb-png.js";
import { type Element, readXml } from "./xml.js";

const MOST_BYTES = 3 * 2 ** 20;
const bad = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, -1, 1e308, 5e-324];
const example = exampleReport();
const comparison = example.comparison!;

const textsOf = (svg: Element) => svg.children.filter(({ name }) => name === "text");
const wordsOf = (svg: Element) => textsOf(svg).map(({ text }) => text);

/** Draws both, and looks at whether they are sound. */
function draw(report: FitReport): { svg: Element; picture: Picture } {
  const [text, bytes] = [renderSvg(report), renderPng(report)];
  assert.ok(Buffer.byteLength(text) <= MOST_BYTES && bytes.length <= MOST_BYTES);
  const svg = readXml(text);
  const picture = readRgbPng(bytes);
  assert.equal(svg.name, "svg");
  assert.deepEqual([svg.attributes.width, svg.attributes.height], [`${picture.width}`, `${picture.height}`]);
  for (const { name, attributes } of svg.children) {
    for (const value of Object.values(attributes)) assert.doesNotMatch(value, /NaN|Infinity|undefined/, name);
  }
  assertLegible(svg, picture);
  return { svg, picture };
}

/** All letters lie within the picture, and none on others. */
function assertLegible(svg: Element, { width, height }: Picture): void {
  const boxes = textsOf(svg).map(({ text, attributes }) => {
    const [x, y, size] = [Number(attributes.x), Number(attributes.y), Number(attributes["font-size"])];
    const length = textWidth(text, size);
    const before = { start: 0, middle: 0.5, end: 1 }[attributes["text-anchor"] ?? "start"]! * length;
    const [above, below] = [0.75 * size, 0.2 * size];
    return attributes.transform === undefined
      ? { text, left: x - before, right: x - before + length, top: y - above, bottom: y + below }
      : { text, left: x - above, right: x + below, top: y + before - length, bottom: y + before };
  });
  boxes.forEach((a, n) => {
    assert.ok(a.left >= 0 && a.top >= 0 && a.right <= width && a.bottom <= height, `"${a.text}" lies outside`);
    for (const b of boxes.slice(0, n)) {
      const apart = a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top;
      assert.ok(apart, `"${a.text}" lies on "${b.text}"`);
    }
  });
}

test("a report shows the numbers that it was given, with their units", () => {
  const words = wordsOf(draw(example).svg);
  const expected = [
    ...["projects/retina/fits/fast-scan-2024-11", "detector[0].photons.spread", "2.02", "0 – 11.3", "no"],
    ...[
      "0.812",
      "0.776 – 0.845",
      "camera.read_noise",
      "2.20 – 2.55",
      "pairs",
      "1.04 (0.90 – 1.21) of real against real",
    ],
    ...[
      "the template's own numbers: 37.4",
      "difference (1/255 of the range)",
      "variance (units²)",
      "frequency (cycles/pixel)",
    ],
    ...["100 × 100 pixels, 3 times enlarged; black 0, white 255", example.findings[1]!.message],
  ];
  for (const text of expected) assert.ok(words.includes(text), text);
});

test("the PNG file has each curve where the SVG file has it, in its colour", () => {
  const { svg, picture } = draw(example);
  const colours = [palette.simulated, palette.real].map((colour) =>
    [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16)),
  );
  const isDrawn = (x: number, y: number) =>
    colours.some((colour) =>
      picture.at(Math.floor(x), Math.floor(y)).every((value, c) => Math.abs(value - colour[c]!) < 60),
    );
  const lines = svg.children.filter(({ attributes }) => attributes.stroke === palette.simulated);
  const curves = lines.map(({ attributes }) =>
    attributes.points!.split(" ").map((point) => point.split(",").map(Number)),
  );
  // Profile, variance, mean, and three spectra, beside the legend.
  assert.deepEqual(
    curves
      .map(({ length }) => length)
      .filter((length) => length > 2)
      .slice(1),
    [14, 14, 8, 8, 8],
  );
  const inner = curves.flatMap((points) => points.slice(1, -1));
  assert.ok(inner.length > 100 && inner.every(([x, y]) => isDrawn(x!, y!)));
  const dots = svg.children.filter(({ name, attributes }) => name === "circle" && attributes.fill === palette.real);
  assert.equal(dots.length, 1 + 14 + 14 + 3 * 8);
  assert.ok(dots.every(({ attributes }) => isDrawn(Number(attributes.cx), Number(attributes.cy))));
});

test("crops have the grey values of the tiles, every pixel enlarged", () => {
  const { svg, picture } = draw(example);
  const images = svg.children.filter(({ name }) => name === "image");
  assert.equal(images.length, 2);
  images.forEach(({ attributes }, n) => {
    const { width, height, values } = n === 0 ? comparison.real : comparison.simulated;
    for (const [x, y] of [
      [0, 0],
      [37, 59],
      [width - 1, height - 1],
    ] as const) {
      const at = picture.at(Math.round(Number(attributes.x)) + 3 * x + 1, Math.round(Number(attributes.y)) + 3 * y + 1);
      assert.deepEqual(at, Array(3).fill(values[y * width + x]));
    }
  });
});

test("what people call things does not break the file", () => {
  const title = `<script>"a" & 'b'</script> \ud800\u0007`;
  const findings = [{ kind: "CLIPPED", subject: "", message: "]]> &lt; <b>" } as const];
  const words = wordsOf(draw({ ...example, title, findings }).svg);
  assert.ok(words.includes(`<script>"a" & 'b'</script> \ufffd\ufffd`));
  assert.ok(words.includes("]]> &lt; <b>"));
});

test("all that was found has a row, and what is beside the table keeps its place", () => {
  const numbers = { value: 1.2, low: 1.1, high: 1.3 };
  const names = Array.from({ length: 6 }, (_, n) => `camera.number_${n}`);
  const estimates = Object.fromEntries(names.map((name) => [name, numbers]));
  const methods = ["PAIRS", "TWO_SCANS", "BLIND"] as const;
  const detector = methods.map((method) => ({ method, estimates, misfit: 1 }));
  const captions = (report: FitReport) => textsOf(draw(report).svg).filter(({ text }) => / times enlarged/.test(text));
  const expected = captions(example).map(({ attributes }) => attributes);
  for (const count of [2, 5, 12]) {
    const parameters = Array.from({ length: count }, (_, n) => ({
      ...{ ...example.parameters[0]!, path: `detector[${n}].sigma.value` },
    }));
    const report = { ...example, parameters, detector };
    const words = wordsOf(draw(report).svg);
    for (const { path } of parameters) assert.ok(words.includes(path), path);
    for (const name of names) assert.equal(words.filter((text) => text === name).length, 3, name);
    assert.ok(!words.some((text) => /^… and \d+ more$/.test(text)));
    assert.ok(words.includes(example.findings[1]!.message));
    assert.deepEqual(
      captions(report).map(({ attributes }) => attributes),
      expected,
    );
    const alone = wordsOf(draw({ ...report, looks: [], comparison: undefined, goodness: undefined }).svg);
    assert.ok(!alone.some((text) => /^… and \d+ more$/.test(text)));
  }
});

test("long lists and long words are cut, and said to be", () => {
  const noise = Uint8Array.from({ length: 1024 * 1024 }, (_, n) => (n * 2654435761) >>> 24);
  const tile = { ...comparison.real, height: 1024, width: 1024, values: noise };
  const report: FitReport = {
    ...example,
    title: "W".repeat(10_000),
    parameters: Array.from({ length: 60 }, (_, n) => ({
      ...example.parameters[0]!,
      path: `detector[${n}].${"photons".repeat(30)}`,
    })),
    looks: Array.from({ length: 1000 }, (_, n) => ({ ...exampleLooks()[n % 60]!, index: n + 1 })),
    comparison: { ...comparison, real: tile, simulated: tile },
    findings: Array.from(
      { length: 100 },
      () => ({ kind: "CLIPPED", subject: "", message: "much is cut off ".repeat(200) }) as const,
    ),
  };
  const words = wordsOf(draw(report).svg);
  assert.ok(words.some((text) => /^W+…$/.test(text)));
  assert.ok(words.includes("… and 19 more"));
  assert.ok(words.includes("camera.read_noise"), "they take no room from others");
  assert.ok(words.includes("… and 85 more"));
});

test("beside a high table there is room for more findings than below a low one, and the picture is no higher for them", () => {
  const messages = Array.from({ length: 30 }, (_, n) => `finding number ${n}`);
  const findings = messages.map((message) => ({ kind: "CLIPPED", subject: "", message }) as const);
  const toldOf = (count: number) => {
    const parameters = Array.from({ length: count }, () => example.parameters[0]!);
    const [{ svg, picture }, bare] = [findings, []].map((own) => draw({ ...example, parameters, findings: own }));
    const words = wordsOf(svg);
    return {
      told: messages.filter((message) => words.includes(message)).length,
      isHigher: picture.height > bare!.picture.height,
    };
  };
  assert.deepEqual(toldOf(5), { told: 11, isHigher: true });
  assert.deepEqual(toldOf(45), { told: 30, isHigher: false });
});

test("of a detector measured by itself there is a table", () => {
  const { svg, picture } = draw({
    ...example,
    parameters: [],
    looks: [],
    comparison: undefined,
    goodness: undefined,
    findings: [],
  });
  const words = wordsOf(svg);
  assert.ok(words.includes("camera.photons") && words.includes("Nothing to know before it is used."));
  assert.ok(!words.includes("Noise profile") && picture.height < 700);
});

test("by what a detector was measured is said in full", () => {
  const { estimates } = example.detector![0]!;
  const methods = { PAIRS: "pairs", TWO_SCANS: "two scans", DARK_FRAMES: "dark frames", BLIND: "single images" };
  for (const [method, words] of Object.entries(methods) as [keyof typeof methods, string][]) {
    const { svg } = draw({ ...example, detector: [{ method, estimates, misfit: 1 }] });
    assert.ok(wordsOf(svg).includes(words), words);
  }
});

test("what was not measured is said to be, and numbers that are none break nothing", () => {
  const empty = { ...comparison, profile: [], intensity: [], spectrum: [] };
  const nothing = (report: FitReport) => wordsOf(draw(report).svg).filter((text) => text === "not measured").length;
  assert.equal(nothing(example), 0);
  assert.equal(nothing({ ...example, comparison: empty }), 3);
  for (const value of bad) {
    const numbers = { value, low: value, high: value };
    const filled: FitReport = {
      ...example,
      parameters: example.parameters.map((parameter) => ({ ...parameter, ...numbers })),
      detector: [{ method: "BLIND", estimates: { "camera.photons": numbers }, misfit: value }],
      looks: example.looks.map((look) => ({ ...look, distance: value, best: value })),
      comparison: {
        profile: comparison.profile.map(({ difference }) => ({ difference, real: value, simulated: value })),
        intensity: comparison.intensity.map(({ intensity }) => ({
          ...{ intensity, realMean: value, simulatedMean: value, realVariance: value, simulatedVariance: value },
        })),
        spectrum: comparison.spectrum.map((point) => ({ ...point, real: value, simulated: value })),
        real: { ...comparison.real, values: new Float32Array(1e4).fill(value), levels: { black: 0, white: value } },
        simulated: { ...comparison.simulated, values: new Float32Array(1e4).fill(value) },
      },
      goodness: {
        ...numbers,
        ratio: value,
        terms: { profile: value, intensity: value, spectrum: value, tiles: value },
        templateRatio: value,
      },
    };
    draw(filled);
    // Profile, curves, spectra, convergence and crops.
    if (!Number.isFinite(value)) assert.equal(nothing(filled), 5, `${value}`);
  }
});

test("one bad number among good ones leaves a gap", () => {
  const intensity = comparison.intensity.map((point, n) =>
    n === 6 ? { ...point, simulatedVariance: Number.NaN } : point,
  );
  const { svg } = draw({ ...example, comparison: { ...comparison, intensity } });
  const lines = svg.children.filter(({ attributes }) => attributes.stroke === palette.simulated);
  const lengths = lines.map(({ attributes }) => attributes.points!.split(" ").length);
  assert.deepEqual(lengths.slice(2), [6, 7, 14, 8, 8, 8]);
});

test("equal reports are equal pictures", () => {
  assert.equal(renderSvg(example), renderSvg(exampleReport()));
  assert.deepEqual(renderPng(example), renderPng(exampleReport()));
});
