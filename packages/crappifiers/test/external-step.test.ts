import assert from "node:assert/strict";
import test from "node:test";
import { setTimeout } from "node:timers/promises";
import { Crappifier as CrappifierMessage, isPssrError } from "@pssr/api";
import {
  type CallExternal,
  checkFit,
  crappify,
  crappifyCalling,
  type ExternalCall,
  externalSteps,
  fromCrappifierMessage,
  hasExternalSteps,
  type PixelTile,
  parseCrappifier,
  toCrappifierMessage,
} from "@pssr/crappifiers";

const key = { seed: 5n, image: "external", tile: 3, epoch: 1 };
const address = "noise.example.org:50051";
const external = (parameters: object = {}) => ({ kind: "external", address, parameters });
const parameter = (value: number, spread = 0) => ({ value, spread });
/** Changes no value, but rounds to float32 as every step does. */
const nothing = { kind: "contrast" };
const size = { frames: 2, height: 64, width: 48 };
const greys = Uint16Array.from({ length: 2 * 64 * 48 }, (_, n) => (n * 37 + (n % 48) ** 2) % 4081);
const hr: PixelTile<"uint16"> = { ...size, dtype: "uint16", data: greys };
const levels = { black: 0, white: 4080, pixelSizeNm: 40 };

/** Every kind of noise before, between and after `step`, in both stages. */
function around(step: object) {
  return parseCrappifier(
    {
      optics: [step, { kind: "gaussian", sigma: parameter(2, 1) }, step, { kind: "drift", x: parameter(2) }],
      sampling: { scale: 2 },
      detector: [{ kind: "poisson", mix: parameter(1, 0.3) }, step, { kind: "camera" }, { kind: "brightness_bands" }],
    },
    "crappifier",
  );
}

/** Answers after others had the kernels' memory. */
const unchanged: CallExternal = async ({ pixels }) => {
  await setTimeout(0);
  crappify(parseCrappifier({ sampling: { scale: 1 }, detector: [{ kind: "poisson" }] }, "c"), hr, levels, key);
  return pixels;
};

test("a step that changes nothing changes nothing, wherever it stands, while others use the same thread", async () => {
  const expected = crappify(around(nothing), hr, levels, key);
  const tiles = await Promise.all([1, 2, 3].map(() => crappifyCalling(unchanged, around(external()), hr, levels, key)));
  for (const tile of tiles) assert.deepEqual(tile, expected);
});

test("bytes stay bytes up to the first external step: Poisson noise is the same before it", async () => {
  const bytes: PixelTile<"uint8"> = { ...size, dtype: "uint8", data: Uint8Array.from(greys, (grey) => grey % 256) };
  const chain = (step: object) =>
    parseCrappifier({ sampling: { scale: 2 }, detector: [{ kind: "poisson" }, step] }, "crappifier");
  const range = { black: 0, white: 255 };
  const answered = await crappifyCalling(unchanged, chain(external()), bytes, range, key);
  assert.deepEqual(answered, crappify(chain(nothing), bytes, range, key));
});

test("without external steps it is the same as ever, and nobody is called", async () => {
  const call: CallExternal = () => Promise.reject(new Error("nobody was to be called"));
  assert.deepEqual(
    await crappifyCalling(call, around(nothing), hr, levels, key),
    crappify(around(nothing), hr, levels, key),
  );
});

test("a parameter whose name sets the prototype of a decoded message is refused as others are", () => {
  const other = "as_long_x";
  const crappifier = parseCrappifier({ detector: [external({ [other]: parameter(1) })] }, "crappifier");
  const bytes = Buffer.from(CrappifierMessage.encode(toCrappifierMessage(crappifier)).finish());
  bytes.write("__proto__", bytes.indexOf(other), "latin1");
  assert.throws(
    () => fromCrappifierMessage(CrappifierMessage.decode(bytes), "crappifier"),
    (error) => isPssrError(error, "INVALID_FIELD") && error.field === "crappifier.detector[0].parameters[__proto__]",
  );
});

test("the work can be given up before each step of each frame", async () => {
  const call: CallExternal = () => Promise.reject(new Error("nobody was to be called"));
  const chainOfTwo = { optics: [{ kind: "gaussian_blur" }], sampling: { scale: 2 }, detector: [{ kind: "poisson" }] };
  const crappifier = parseCrappifier(chainOfTwo, "crappifier");
  let steps = 0;
  await crappifyCalling(call, crappifier, hr, levels, key, { beforeStep: () => void steps++ });
  assert.equal(steps, 2 * hr.frames);
  const beforeStep = () => {
    if (--steps === 0) throw new Error("no longer wanted");
  };
  await assert.rejects(crappifyCalling(call, crappifier, hr, levels, key, { beforeStep }), /no longer wanted/);
  assert.equal(steps, 0);
});

test("the step learns its plane, the levels, its grid's pixel size, and numbers that its tile alone decides", async () => {
  const crappifier = parseCrappifier(
    { sampling: { scale: 2 }, detector: [external({ strength: parameter(3, 0.5), angle: parameter(-1) })] },
    "crappifier",
  );
  const calls = async (other: object) => {
    const seen: ExternalCall[] = [];
    const call: CallExternal = async (one) => {
      seen.push(one);
      return one.pixels;
    };
    await crappifyCalling(call, crappifier, hr, levels, { ...key, ...other });
    return seen;
  };
  const [first, second] = await calls({});
  assert.deepEqual(
    { ...first, pixels: first!.pixels.length, parameters: undefined, seed: undefined },
    {
      address,
      pixels: 32 * 24,
      height: 32,
      width: 24,
      black: 0,
      white: 4080,
      pixelSizeNm: 80,
      parameters: undefined,
      seed: undefined,
    },
  );
  assert.deepEqual(await calls({}), [first, second]);
  assert.equal(first!.parameters.angle, -1);
  assert.notEqual(first!.parameters.strength, 3);
  assert.deepEqual(second!.parameters, first!.parameters);
  const tiles = await Promise.all(Array.from({ length: 200 }, (_, tile) => calls({ tile })));
  const epochs = await Promise.all([2, 3].map((epoch) => calls({ epoch })));
  const all = [...tiles, ...epochs].flat();
  assert.equal(new Set(all.map(({ seed }) => seed)).size, all.length, "a seed came twice");
  const strengths = tiles.map(([one]) => one!.parameters.strength!);
  const mean = strengths.reduce((sum, strength) => sum + strength, 0) / 200;
  assert.ok(Math.abs(mean - 3) < (4 * 0.5) / Math.sqrt(200), `mean ${mean}`);
});

test("parameters are drawn by their names, not by the order they were given in", async () => {
  const drawn = async (parameters: object) => {
    let seen: object | undefined;
    const call: CallExternal = async (one) => {
      seen = one.parameters;
      return one.pixels;
    };
    await crappifyCalling(call, parseCrappifier({ optics: [external(parameters)] }, "c"), hr, levels, key);
    return seen;
  };
  const [a, b] = [parameter(1, 1), parameter(2, 1)];
  assert.deepEqual(await drawn({ a, b }), await drawn({ b, a }));
});

test("values are held at the saturation levels after it, too", async () => {
  const crappifier = parseCrappifier({ sampling: { scale: 1 }, detector: [external()] }, "crappifier");
  const beyond: CallExternal = async ({ pixels }) => pixels.map((_, n) => (n % 2 === 0 ? -1e9 : 1e9));
  const { data } = await crappifyCalling(beyond, crappifier, hr, { black: 20, white: 4000 }, key);
  assert.deepEqual([...data.slice(0, 4)], [20, 4000, 20, 4000]);
});

const wrong: [name: string, answer: CallExternal, says: RegExp][] = [
  ["too few pixels", async ({ pixels }) => pixels.subarray(1), /at noise\.example\.org:50051: .*767 pixels; 768/],
  ["NaN", async ({ pixels }) => pixels.with(25, Number.NaN), /row 1, column 1 is NaN/],
  ["infinity", async ({ pixels }) => pixels.with(0, Number.POSITIVE_INFINITY), /row 0, column 0 is Infinity/],
];

for (const [name, answer, says] of wrong) {
  test(`an answer with ${name} is refused, and names who gave it`, async () => {
    const crappifier = parseCrappifier({ sampling: { scale: 2 }, detector: [external()] }, "crappifier");
    await assert.rejects(crappifyCalling(answer, crappifier, hr, levels, key), (error: Error) => {
      assert.ok(isPssrError(error, "EXTERNAL_CRAPPIFIER_FAILED"), String(error));
      assert.equal(error.metadata.address, address);
      assert.match(error.message, says);
      return true;
    });
  });
}

test("a pixel that was not finite need not become so", async () => {
  const data = Float32Array.of(Number.NaN, 1, 2, 3);
  const tile: PixelTile<"float32"> = { data, dtype: "float32", frames: 1, height: 2, width: 2 };
  const crappifier = parseCrappifier({ sampling: { scale: 1 }, detector: [external()] }, "crappifier");
  const low = await crappifyCalling(unchanged, crappifier, tile, { black: 0, white: 4 }, key);
  assert.deepEqual([...low.data], [Number.NaN, 1, 2, 3]);
});

test("an external step keeps all it has on the way through the contract", () => {
  const crappifier = parseCrappifier(
    { optics: [external({ read_noise2: parameter(1, 2) })], detector: [external()] },
    "crappifier",
  );
  const bytes = CrappifierMessage.encode(toCrappifierMessage(crappifier)).finish();
  assert.deepEqual(fromCrappifierMessage(CrappifierMessage.decode(bytes), "crappifier"), crappifier);
  assert.ok(hasExternalSteps(crappifier));
  assert.ok(!hasExternalSteps({ ...crappifier, optics: [], detector: [] }));
  assert.deepEqual(externalSteps(crappifier, "crappifier"), [
    { path: "crappifier.optics[0]", address },
    { path: "crappifier.detector[0]", address },
  ]);
});

const refused: [name: string, step: object, field: string][] = [
  ["no address", { kind: "external" }, "address"],
  ["an address without a port", { kind: "external", address: "noise.example.org" }, "address"],
  ["an address with another scheme", { kind: "external", address: "unix:/run/secret:1" }, "address"],
  ["a field that does not exist", { ...external(), sigma: parameter(1) }, "sigma"],
  ["parameters that are no object", external([]), "parameters"],
  ["a parameter's name in capitals", external({ Sigma: parameter(1) }), "parameters[Sigma]"],
  ["a name that objects have by themselves", external(JSON.parse('{"__proto__":{}}')), "parameters[__proto__]"],
  ["a value that is no number", external({ strength: { value: "1" } }), "parameters[strength].value"],
  ["an infinite value", external({ strength: parameter(Number.POSITIVE_INFINITY) }), "parameters[strength].value"],
  ["a negative spread", external({ strength: parameter(1, -1) }), "parameters[strength].spread"],
  ["NaN", external({ strength: parameter(Number.NaN) }), "parameters[strength].value"],
  [
    "33 parameters",
    external(Object.fromEntries(Array.from({ length: 33 }, (_, n) => [`p${n}`, parameter(n)]))),
    "parameters",
  ],
];

for (const [name, step, field] of refused) {
  test(`${name} is refused with its path`, () => {
    const chain = { detector: [nothing, step] };
    assert.throws(
      () => parseCrappifier(chain, "crappifier"),
      (error) => isPssrError(error, "INVALID_FIELD") && error.field === `crappifier.detector[1].${field}`,
    );
  });
}

test("a plane that does not fit into a message is refused before any tile comes", () => {
  const tile = { height: 1024, width: 1024, pixelSizeNm: undefined };
  checkFit(parseCrappifier({ sampling: { scale: 2 }, detector: [external()] }, "crappifier"), tile, "crappifier");
  const optics = parseCrappifier({ optics: [external()], sampling: { scale: 2 } }, "crappifier");
  assert.throws(
    () => checkFit(optics, tile, "crappifier"),
    (error) => isPssrError(error, "INVALID_FIELD") && error.field === "crappifier.optics[0]",
  );
});

test("where no server can be called, an external step is refused with its path", () => {
  assert.throws(
    () => crappify(around(external()), hr, levels, key),
    (error) => isPssrError(error, "INVALID_FIELD") && error.field === "crappifier.optics[0]",
  );
});
