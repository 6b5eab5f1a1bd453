import assert from "node:assert/strict";
import test from "node:test";
import { Crappifier as CrappifierMessage, PssrError, Sampling_Kernel } from "@pssr/api";
import { fromCrappifierMessage, parseCrappifier, presets, resolveCrappifier } from "@pssr/crappifiers";

type Given = Parameters<typeof CrappifierMessage.fromPartial>[0];

const name = "projects/em/crappifiers/mine";
const mine = parseCrappifier(
  {
    optics: [{ kind: "drift", x: { value: 2 } }],
    sampling: { scale: 8, kernel: "AREA" },
    detector: [{ kind: "speckle" }],
  },
  "mine",
);
const gaussian = { kind: { $case: "gaussian" as const, value: { sigma: { value: 3 } } } };

const resolve = (given: Given) =>
  resolveCrappifier(CrappifierMessage.fromPartial(given), "training.crappifier", "em", async (asked) => {
    assert.match(asked, /^projects\/em\//, "another project's was looked for");
    return asked === name ? mine : undefined;
  });

test("numbers are taken as they are, and have no source", async () => {
  const given = { detector: [gaussian] };
  const { crappifier, source } = await resolve(given);
  assert.equal(source, "");
  assert.deepEqual(crappifier, fromCrappifierMessage(CrappifierMessage.fromPartial(given), "crappifier"));
  const nothing = await resolveCrappifier(undefined, "crappifier", "em", () => assert.fail("nothing was named"));
  assert.deepEqual(nothing.crappifier, parseCrappifier({}, "crappifier"));
});

test("a name stands for its numbers, and is remembered as their source", async () => {
  assert.deepEqual(await resolve({ named: { $case: "saved", value: name } }), { crappifier: mine, source: name });
  const preset = "em-fast-scan";
  assert.deepEqual(await resolve({ named: { $case: "preset", value: preset } }), {
    crappifier: presets[preset]!.crappifier,
    source: preset,
  });
});

test("what a caller gives of the sampling takes the place of the named one's", async () => {
  const named = { $case: "saved" as const, value: name };
  const sampling = async (given: Given["sampling"]) => (await resolve({ named, sampling: given })).crappifier.sampling;
  assert.deepEqual(await sampling({ scale: 2 }), { scale: 2, kernel: "AREA" });
  assert.deepEqual(await sampling({ kernel: Sampling_Kernel.KERNEL_POINT }), { scale: 8, kernel: "POINT" });
  assert.deepEqual(await sampling({}), mine.sampling);
});

const refused: [what: string, given: Given, reason: string, field: string, message: RegExp][] = [
  ["an unknown preset", preset("confocal"), "INVALID_FIELD", "preset", /confocal-low-light, .*pssr2-poisson/],
  ["a preset by the name of what all objects have", preset("toString"), "INVALID_FIELD", "preset", /no preset/],
  ["a saved one that is not there", saved("projects/em/crappifiers/none"), "NOT_FOUND", "saved", /no saved crappifier/],
  ["another project's", saved("projects/other/crappifiers/mine"), "INVALID_FIELD", "saved", /another project/],
  ["a name of something else", saved("projects/em/images/mine"), "INVALID_FIELD", "saved", /crappifiers/],
  ["steps beside a name", { ...saved(name), detector: [gaussian] }, "INVALID_FIELD", "detector", /not both/],
  ["a wrong scale beside a name", { ...saved(name), sampling: { scale: 17 } }, "INVALID_FIELD", "sampling.scale", /17/],
];

function preset(value: string): Given {
  return { named: { $case: "preset", value } };
}

function saved(value: string): Given {
  return { named: { $case: "saved", value } };
}

for (const [what, given, reason, field, message] of refused) {
  test(`${what} is refused with the field's path`, async () => {
    await assert.rejects(resolve(given), (error) => {
      assert.ok(error instanceof PssrError);
      assert.deepEqual([error.reason, error.field], [reason, `training.crappifier.${field}`]);
      assert.match(error.message, message);
      return true;
    });
  });
}

test("where only numbers can stand, a name is refused", () => {
  assert.throws(
    () => fromCrappifierMessage(CrappifierMessage.fromPartial(saved(name)), "crappifier"),
    (error) => error instanceof PssrError && error.field === "crappifier.saved",
  );
});
