import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { ImageCatalogue } from "../../dist/images/image-catalogue.js";
import { ImageExports } from "../../dist/images/image-exports.js";
import { startInstallation } from "../installation.js";
import { dayMs, hourMs, JumpingClock, minuteMs } from "../jumping-clock.js";
import { picture, png } from "../pictures.js";
import { importImage } from "../upload.js";

const key = { project: "em", id: "a" };

async function withExport(t: TestContext) {
  const installation = await startInstallation(t);
  await importImage(installation, key.id, png(picture([900, 1000], "uint16")));
  const clock = new JumpingClock();
  const exports = new ImageExports(installation.objects, { cacheBytes: 2 ** 20, clock });
  t.after(() => exports.close());
  const image = await new ImageCatalogue(installation.ports).get(key, {});
  const file = await exports.open(key, image, "tiff", {});
  const files = async () => {
    const keys: string[] = [];
    for await (const { key } of installation.objects.list("exports/")) keys.push(key);
    return keys.length;
  };
  return { clock, exports, file, files };
}

test("a machine whose clock is a day ahead takes no file that has just been made", async (t) => {
  const { clock, exports, files } = await withExport(t);
  clock.jump(dayMs + hourMs);
  await exports.sweep({});
  clock.pass(9 * minuteMs);
  await exports.sweep({});
  assert.equal(await files(), 1);
});

test("a file goes after a day, whatever the clock says, but not while it is being read", async (t) => {
  const { clock, exports, file, files } = await withExport(t);
  clock.jump(-1000 * dayMs);
  await exports.sweep({});
  clock.pass(dayMs + minuteMs);
  let bytes = 0;
  for await (const piece of file.read(0, {})) {
    if (bytes === 0) await exports.sweep({});
    bytes += piece.length;
  }
  assert.equal(bytes, file.sizeBytes);
  assert.equal(await files(), 1);
  await exports.sweep({});
  assert.equal(await files(), 0);
});
