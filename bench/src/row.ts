/** A measured number with its peer, as `out/bench.json` has it. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";

export interface Row {
  /** `<bench>/<row>` */
  name: string;
  unit: string;
  ours: number;
  /** Who was measured beside us, in the same run; null: there is nobody to compare with. */
  peer: string | null;
  peer_value: number | null;
  /** ours / peer_value */
  ratio: number | null;
  /** What we promise, as words: "≥ 26.6"; null: nothing. */
  target: string | null;
  met: boolean | null;
}

export interface Target {
  least?: number;
  most?: number;
  /** Whether it is the ratio to the peer, instead of our own number, that must keep it. */
  ofRatio?: boolean;
}

export function row(
  name: string,
  unit: string,
  ours: number,
  target: Target | undefined,
  peer?: { name: string; value: number },
): Row {
  const ratio = peer === undefined ? null : ours / peer.value;
  const judged = target?.ofRatio ? ratio! : ours;
  const { least, most } = target ?? {};
  return {
    name,
    unit,
    ours,
    peer: peer?.name ?? null,
    peer_value: peer?.value ?? null,
    ratio,
    target: least !== undefined ? `≥ ${least}` : most !== undefined ? `≤ ${most}` : null,
    met:
      target === undefined
        ? null
        : judged >= (least ?? Number.NEGATIVE_INFINITY) && judged <= (most ?? Number.POSITIVE_INFINITY),
  };
}

/** Puts rows into the file, in place of older ones of the same names. */
export async function record(path: string, rows: Row[]): Promise<void> {
  const names = new Set(rows.map(({ name }) => name));
  const older = (await readRows(path)).filter(({ name }) => !names.has(name));
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, `${JSON.stringify([...older, ...rows], null, 2)}\n`);
}

async function readRows(path: string): Promise<Row[]> {
  try {
    return JSON.parse(await readFile(path, "utf8")) as Row[];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

export function format(rows: Row[]): string {
  const number = (value: number | null) => (value === null ? "" : Number(value.toPrecision(4)).toString());
  const cells = rows.map((r) => [
    r.name,
    number(r.ours),
    r.unit,
    r.peer ?? "",
    number(r.peer_value),
    number(r.ratio),
    r.target ?? "",
    r.met === null ? "" : r.met ? "met" : "MISSED",
  ]);
  const all = [["name", "ours", "unit", "peer", "its value", "ratio", "target", ""], ...cells];
  const widths = all[0]!.map((_, i) => Math.max(...all.map((line) => line[i]!.length)));
  return all
    .map((line) =>
      line
        .map((cell, i) => cell.padEnd(widths[i]!))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
