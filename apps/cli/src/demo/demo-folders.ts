/** The folders of the demo: where its images are, and where its results go. */
import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { PssrError } from "@pssr/api";
import { DataDirectory } from "@pssr/platform";

/** What a demo leaves in its folder, beside its data. */
const results = ["input", "restored", "report.json", "before-after.png"];
/** What an installation has in its data directory, in one process or as a cluster. */
const kept = ["state", "objects", "nats", "s3"];

/**
 * Makes the folder ready for a new demo: the results of the one before and its data go, nothing else. Throws INVALID_FIELD for
 * a folder with other people's files, DATA_DIRECTORY_LOCKED while an installation runs on its data.
 */
export async function clearFolder(out: string): Promise<void> {
  await mkdir(out, { recursive: true });
  const present = await readdir(out);
  if (present.length > 0 && !(await readdir(join(out, "data")).catch((): string[] => [])).includes("pssr.lock")) {
    throw new PssrError(
      "INVALID_FIELD",
      `${out} is not empty and not the folder of an earlier demo; give --out a new folder`,
      { field: "out" },
    );
  }
  const data = await DataDirectory.lock(join(out, "data"));
  try {
    const old = [...results.map((name) => join(out, name)), ...kept.map((name) => join(data.path, name))];
    for (const path of old) await rm(path, { recursive: true, force: true });
  } finally {
    await data.close();
  }
  for (const folder of ["input", "restored"]) await mkdir(join(out, folder));
}

/** The PNG and TIFF files of a folder by name. Throws INVALID_FIELD where there is none. */
export async function imageFiles(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch((cause: unknown) => {
    throw new PssrError(
      "INVALID_FIELD",
      `${folder} cannot be read; give --images a folder with train/ and test/ in it`,
      {
        cause,
      },
    );
  });
  const files = names.filter((name) => /\.(png|tiff?)$/i.test(name)).sort();
  if (files.length === 0) throw new PssrError("INVALID_FIELD", `${folder} holds no PNG or TIFF file`);
  return files.map((name) => join(folder, name));
}
