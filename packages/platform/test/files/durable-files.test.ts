import assert from "node:assert/strict";
import { test } from "node:test";
import { FaultyDisk, faultsNeedLinux } from "./faulty-disk.js";
import type { StateReport } from "./faulty-state.js";
import { PowerCut } from "./power-cut.js";
import type { WriterReport } from "./writer-report.js";

test(
  "whichever call fails, only what survives a power cut counts as written, and nothing is left behind",
  faultsNeedLinux,
  async (context) => {
    const disk = await FaultyDisk.open(context);
    const report = await disk.run<WriterReport>(new URL("faulty-writer.js", import.meta.url));
    context.diagnostic(`${report.faults} faults: ${JSON.stringify(report.refusals)}`);
    assert.ok(report.faults > 70);
    const reasons = {
      write: "STORAGE_FULL",
      link: "STORAGE_FULL",
      mkdir: "STORAGE_FULL",
      fsync: "UNAVAILABLE",
      rename: "UNAVAILABLE",
      unlink: "UNAVAILABLE",
    };
    assert.deepEqual(
      Object.keys(report.refusals).sort(),
      Object.entries(reasons)
        .map(([call, reason]) => `${call}: ${reason}`)
        .sort(),
    );
    assert.equal(report.temporary, 0);
    assert.deepEqual(new Set(report.handles).size, 1, "all file handles come back");

    const powerCut = new PowerCut(disk.folder);
    let claims = 0;
    for (const line of await disk.log()) {
      const [what, , path = ""] = line.split(" ");
      if (what !== "exists" && what !== "gone") {
        powerCut.take(line);
        continue;
      }
      claims += 1;
      assert.equal(what === "exists" ? powerCut.missing(path) : powerCut.present(path), undefined);
    }
    assert.ok(claims > 10 * report.faults);
  },
);

test("nobody sees a record whose write may still fail", faultsNeedLinux, async (context) => {
  const disk = await FaultyDisk.open(context);
  const { failures, ghosts, told } = await disk.run<StateReport>(new URL("faulty-state.js", import.meta.url));
  assert.ok(failures >= 5, `${failures} failures`);
  assert.deepEqual(ghosts, []);
  assert.deepEqual(told, [...new Set(told)], "each value is told once");
});
