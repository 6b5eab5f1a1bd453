/** Two ways to do one thing, measured in turns: what else the machine does meets both alike. */

export interface InTurns {
  ours: number[];
  peer: number[];
}

/** What both gave in all rounds but the first, in which code is compiled and connections are made. */
export async function inTurns(
  rounds: number,
  sides: Readonly<Record<keyof InTurns, (round: number) => Promise<number[]>>>,
): Promise<InTurns> {
  const all: InTurns = { ours: [], peer: [] };
  for (let round = 0; round <= rounds; round++) {
    for (const side of ["ours", "peer"] as const) {
      const values = await sides[side](round);
      if (round > 0) all[side].push(...values);
    }
  }
  return all;
}
