/** A directory of one test, removed when that test ends. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";

export async function temporaryDirectory(context: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "pssr-platform-"));
  context.after(() => rm(path, { recursive: true, force: true }));
  return path;
}
