/** What each look at a crappifier gave, and the best so far. */
import type { Phase, TakenLook } from "../../fitting/fit-outcome.js";
import { linearAxis, logAxis } from "../axis.js";
import type { Mark } from "../marks.js";
import { palette } from "../palette.js";
import { drawLegend, drawNothing, drawTitle } from "../panel.js";
import { besideAxes, type Pair, Plot } from "../plot.js";
import type { Box, Colour, Surface } from "../surface.js";

const phases: readonly { phase: Phase; name: string; as: Mark; colour: Colour }[] = [
  { phase: "START", name: "start", as: "SQUARE", colour: "#6b7785" },
  { phase: "SEARCH", name: "search", as: "DISC", colour: "#4b86b8" },
  { phase: "DESCENT", name: "descent", as: "TRIANGLE", colour: "#1d8a72" },
  { phase: "INTERVALS", name: "intervals", as: "CROSS", colour: "#a06a9c" },
  { phase: "HELD_OUT", name: "held back", as: "DIAMOND", colour: "#c23b22" },
];

export function drawConvergence(surface: Surface, panel: Box, looks: readonly TakenLook[]): void {
  const titled = drawTitle(surface, panel, "Convergence");
  const x = linearAxis(
    looks.map(({ index }) => index),
    { most: 7 },
  );
  const y = logAxis(
    looks.flatMap(({ distance, best }) => [distance, best]),
    { most: 6 },
  );
  if (x === undefined || y === undefined) {
    drawNothing(surface, titled);
    return;
  }

  const room = { ...titled, top: titled.top + 14, height: titled.height - 14 };
  const { left, bottom } = besideAxes;
  const box = { left: room.left + left, top: room.top, width: room.width - left, height: room.height - bottom };
  drawLegend(
    surface,
    box.left + box.width,
    room.top - 10,
    phases.filter(({ phase }) => looks.some((look) => look.phase === phase)),
  );
  const plot = new Plot(surface, box, x, y);
  plot.drawAxes({ x: "evaluation", y: "distance" });
  plot.curve(
    looks.flatMap(({ index, best }, n): Pair[] => {
      const before = looks[n - 1]?.best;
      return before === undefined
        ? [[index, best]]
        : [
            [index, before],
            [index, best],
          ];
    }),
    { colour: palette.text, width: 1.4 },
  );
  for (const { phase, as, colour } of phases) {
    const own = looks.filter((look) => look.phase === phase);
    plot.marks(
      own.map(({ index, distance }): Pair => [index, distance]),
      as,
      3.4,
      { colour, opacity: 0.9 },
    );
  }
}
