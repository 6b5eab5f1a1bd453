import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { Crappifier, type CreateCrappifierRequest, type SavedCrappifier } from "@pssr/api";
import { type Installation, project, startInstallation } from "../installation.js";
import { picture, png } from "../pictures.js";
import { reason } from "../reason.js";
import { importImage } from "../upload.js";

type Given = Parameters<typeof Crappifier.fromPartial>[0];
type Options = Partial<Pick<CreateCrappifierRequest, "crappifierId" | "requestId">> & { description?: string };

const noisy: Given = {
  sampling: { scale: 2 },
  detector: [{ kind: { $case: "gaussian", value: { sigma: { value: 9, spread: 2 } } } }],
};
const saved = (name: string): Given => ({ named: { $case: "saved", value: name } });
const preset = (name: string): Given => ({ named: { $case: "preset", value: name } });

function create({ crappifiers }: Installation, crappifier: Given, options: Options = {}): Promise<SavedCrappifier> {
  const { description = "", ...ids } = options;
  return crappifiers.createCrappifier({ parent: project, ...ids, crappifier: { crappifier, description } });
}

test("a saved crappifier has every number, is read back and listed as it was made", async (t) => {
  const installation = await startInstallation(t);
  const { crappifiers } = installation;
  const made = await create(installation, noisy, { crappifierId: "mine", description: "our old detector" });
  assert.equal(made.name, `${project}/crappifiers/mine`);
  assert.equal(made.description, "our old detector");
  assert.ok(Date.now() - made.createTime!.getTime() < 60_000);
  assert.deepEqual(
    made.crappifier,
    Crappifier.fromPartial({
      sampling: { scale: 2, kernel: 1 },
      detector: [
        { kind: { $case: "gaussian", value: { mean: { value: 0, spread: 0 }, sigma: { value: 9, spread: 2 } } } },
      ],
    }),
  );
  assert.deepEqual(await crappifiers.getCrappifier({ name: made.name }), made);
  assert.deepEqual((await crappifiers.listCrappifiers({ parent: project })).crappifiers, [made]);
});

test("what is saved by a name is numbers of its own, and stays when that name goes", async (t) => {
  const installation = await startInstallation(t);
  const first = await create(installation, noisy, { crappifierId: "first" });
  const copy = await create(installation, { ...saved(first.name), sampling: { scale: 4 } });
  await installation.crappifiers.deleteCrappifier({ name: first.name });
  const read = await installation.crappifiers.getCrappifier({ name: copy.name });
  assert.deepEqual(read.crappifier, { ...first.crappifier, sampling: { ...first.crappifier?.sampling, scale: 4 } });
  const { presets } = await installation.crappifiers.listPresets({});
  const scan = await create(installation, preset("em-fast-scan"));
  assert.deepEqual(scan.crappifier, presets.find(({ name }) => name === "em-fast-scan")?.crappifier);
});

test("what makes no sense is refused with the field's path, and leaves nothing", async (t) => {
  const installation = await startInstallation(t);
  const refused = (crappifier: Given, ...expected: Parameters<typeof reason>) =>
    assert.rejects(create(installation, crappifier, { crappifierId: "bad" }), reason(...expected));
  const [path, none] = ["crappifier.crappifier", `${project}/crappifiers/none`];
  await refused({ sampling: { scale: 17 } }, "INVALID_FIELD", `${path}.sampling.scale`);
  await refused({ detector: [{}] }, "INVALID_FIELD", `${path}.detector[0]`);
  await refused(preset("none"), "INVALID_FIELD", `${path}.preset`);
  const parameters = Object.fromEntries(
    Array.from({ length: 32 }, (_, n) => [`a_parameter_with_a_long_name_${n}`, { value: 1.5, spread: 0.5 }]),
  );
  const external = { kind: { $case: "external" as const, value: { address: "127.0.0.1:1", parameters } } };
  await refused({ detector: Array.from({ length: 16 }, () => external) }, "INVALID_FIELD", path);
  await refused(saved(none), "NOT_FOUND", `${path}.saved`);
  await refused(saved(`${project}/images/none`), "INVALID_FIELD", `${path}.saved`);
  await refused({ ...preset("em-fast-scan"), ...noisy }, "INVALID_FIELD", `${path}.detector`);
  const { crappifiers } = installation;
  const wrong = (request: Parameters<typeof crappifiers.createCrappifier>[0], field: string) =>
    assert.rejects(crappifiers.createCrappifier({ parent: project, ...request }), reason("INVALID_FIELD", field));
  await wrong({}, "crappifier");
  await wrong({ crappifierId: "Not An Id", crappifier: {} }, "crappifier_id");
  await wrong({ crappifier: { description: "x".repeat(1001) } }, "crappifier.description");
  assert.deepEqual((await crappifiers.listCrappifiers({ parent: project })).crappifiers, []);
});

test("the same request is the same in whatever order a client's language has the parameters of an external step", async (t) => {
  const installation = await startInstallation(t);
  const asked = (names: string[]): Given => {
    const parameters = Object.fromEntries(names.map((name) => [name, { value: 1, spread: 0 }]));
    return { detector: [{ kind: { $case: "external", value: { address: "127.0.0.1:1", parameters } } }] };
  };
  const once = { crappifierId: "own", requestId: "once" };
  const made = await create(installation, asked(["a", "b"]), once);
  assert.deepEqual(await create(installation, asked(["b", "a"]), once), made);
});

test("an id is given once; the same request again gives the same crappifier", async (t) => {
  const installation = await startInstallation(t);
  const { crappifiers } = installation;
  const once = { crappifierId: "c", requestId: "once" };
  const first = await create(installation, noisy, once);
  assert.deepEqual(await create(installation, noisy, once), first);
  const taken = reason("ALREADY_EXISTS", "crappifier_id");
  await assert.rejects(create(installation, noisy, { crappifierId: "c" }), taken);
  await assert.rejects(create(installation, {}, once), taken);
  await assert.rejects(create(installation, noisy, { ...once, description: "another" }), taken);
  const [a, b] = await Promise.all([1, 2].map(() => create(installation, noisy, { requestId: "twice" })));
  assert.deepEqual(a, b);
  await crappifiers.deleteCrappifier({ name: first.name });
  await assert.rejects(crappifiers.getCrappifier({ name: first.name }), reason("NOT_FOUND", "name"));
  await assert.rejects(crappifiers.deleteCrappifier({ name: first.name }), reason("NOT_FOUND", "name"));
  await assert.rejects(create(installation, noisy, once), taken);
  const { crappifiers: left } = await crappifiers.listCrappifiers({ parent: project });
  assert.deepEqual(left, [a]);
});

test("a repeated request finds what it made, also when the crappifier that this was made of is gone", async (t) => {
  const installation = await startInstallation(t);
  const { crappifiers } = installation;
  const source = await create(installation, noisy, { crappifierId: "source", requestId: "first" });
  const once = { crappifierId: "copy", requestId: "second" };
  const copy = await create(installation, saved(source.name), once);
  await crappifiers.deleteCrappifier({ name: source.name });
  assert.deepEqual(await create(installation, saved(source.name), once), copy);
  await assert.rejects(
    create(installation, noisy, once),
    /given to another crappifier/,
    "the same numbers, asked otherwise",
  );
  await assert.rejects(create(installation, noisy, { crappifierId: "source", requestId: "first" }), (error) => {
    reason("ALREADY_EXISTS", "crappifier_id")(error);
    assert.match((error as Error).message, /has been deleted/);
    return true;
  });
});

test("saved crappifiers and presets are listed page by page", async (t) => {
  const installation = await startInstallation(t);
  const { crappifiers } = installation;
  for (const id of ["c", "a", "b"]) await create(installation, noisy, { crappifierId: id });
  const first = await crappifiers.listCrappifiers({ parent: project, pageSize: 2 });
  const second = await crappifiers.listCrappifiers({ parent: project, pageSize: 2, pageToken: first.nextPageToken });
  const ids = [...first.crappifiers, ...second.crappifiers].map(({ name }) => name.split("/").at(-1));
  assert.deepEqual(ids, ["a", "b", "c"]);
  const { presets: all, nextPageToken } = await crappifiers.listPresets({});
  assert.equal(nextPageToken, "");
  assert.ok(all.length > 5 && all.every(({ description, source }) => description !== "" && source !== ""));
  const start = await crappifiers.listPresets({ pageSize: 4 });
  const rest = await crappifiers.listPresets({ pageToken: start.nextPageToken });
  assert.deepEqual([...start.presets, ...rest.presets], all);
});

test("projects are kept apart: another's saved crappifier is not to be found, by whatever way it is named", async (t) => {
  const installation = await startInstallation(t);
  const made = await create(installation, noisy, { crappifierId: "mine" });
  const other = installation.as({ principal: "other", projects: ["other"], role: "operator" });
  const hidden = reason("NOT_FOUND");
  await assert.rejects(other.crappifiers.getCrappifier({ name: made.name }), hidden);
  await assert.rejects(other.crappifiers.deleteCrappifier({ name: made.name }), hidden);
  const copy = { parent: "projects/other", crappifier: { crappifier: saved(made.name) } };
  await assert.rejects(other.crappifiers.createCrappifier(copy), hidden);
  const image = "projects/other/images/any";
  await assert.rejects(other.crappify.preview({ image, crappifier: saved(made.name) }), hidden);
  const viewer = installation.as({ principal: "viewer", projects: ["em"], role: "viewer" });
  assert.deepEqual(await viewer.crappifiers.getCrappifier({ name: made.name }), made);
  await assert.rejects(viewer.crappifiers.deleteCrappifier({ name: made.name }), reason("PERMISSION_DENIED"));
});

test("a saved crappifier is for its own project alone, whoever may see both", async (t) => {
  const installation = await withDataset(t);
  const { image, dataset } = installation;
  const admin = installation.as({ principal: "admin", projects: ["*"], role: "admin" });
  const other = { parent: "projects/other", crappifierId: "mine", crappifier: { crappifier: noisy } };
  const crappifier = saved((await admin.crappifiers.createCrappifier(other)).name);
  const refused = (call: Promise<unknown>, field: string) => assert.rejects(call, reason("INVALID_FIELD", field));
  await refused(admin.crappify.preview({ image, crappifier }), "crappifier.saved");
  await refused(admin.crappify.crappifyImage({ image, crappifier, imageId: "low" }), "crappifier.saved");
  const pairs = admin.crappify.streamPairs({ dataset, crappifier, batchSize: 1, steps: 1n });
  await refused(pairs[Symbol.asyncIterator]().next(), "crappifier.saved");
  const copy = { parent: project, crappifier: { crappifier } };
  await refused(admin.crappifiers.createCrappifier(copy), "crappifier.crappifier.saved");
});

async function withDataset(t: TestContext) {
  const installation = await startInstallation(t);
  const { name: image } = await importImage(installation, "image", png(picture([200, 200], "uint8")));
  const dataset = await installation.datasets.createDataset({
    parent: project,
    dataset: { images: [image], tileSize: 32 },
  });
  return { ...installation, image, dataset: dataset.name };
}

test("a preview by a name has the same pixels as one by its numbers", async (t) => {
  const installation = await withDataset(t);
  const { crappify, image } = installation;
  const pixels = async (crappifier: Given) => (await crappify.preview({ image, crappifier, seed: 3n })).low;
  const made = await create(installation, noisy);
  assert.deepEqual(await pixels(saved(made.name)), await pixels(noisy));
  const { presets } = await installation.crappifiers.listPresets({});
  const { name, crappifier } = presets.find(({ name }) => name === "confocal-low-light")!;
  assert.deepEqual(await pixels(preset(name)), await pixels(crappifier!));
  const twice = await pixels({ ...preset(name), sampling: { scale: 2 } });
  assert.deepEqual(twice?.shape, [100n, 100n]);
  const none = `${project}/crappifiers/none`;
  await assert.rejects(pixels(saved(none)), reason("NOT_FOUND", "crappifier.saved"));
});

test("a stream of pairs by a name has the same bytes as by its numbers, and goes on when the name is gone", async (t) => {
  const installation = await withDataset(t);
  const { crappify, crappifiers, dataset } = installation;
  const { name } = await create(installation, noisy);
  const read = async (crappifier: Given, meanwhile = async () => {}) => {
    const all: unknown[] = [];
    for await (const { parts } of crappify.streamPairs({ dataset, crappifier, steps: 40n })) {
      if (all.length === 0) await meanwhile();
      all.push(...parts);
    }
    return all;
  };
  const expected = await read(noisy);
  assert.deepEqual(await read(saved(name), () => crappifiers.deleteCrappifier({ name }).then(() => {})), expected);
  await assert.rejects(read(saved(name)), reason("NOT_FOUND", "crappifier.saved"));
  await assert.rejects(read(preset("none")), reason("INVALID_FIELD", "crappifier.preset"));
});
