import assert from "node:assert/strict";
import test from "node:test";
import { RasterSurface } from "../../dist/report/raster-surface.js";
import { cutToWidth, textStrokes, textWidth, wrapToWidth } from "../../dist/report/stroke-font.js";

/** How dark each pixel of a drawing in black is, in hundredths. */
function darkness(draw: (surface: RasterSurface) => void, width = 8, height = 4): number[][] {
  const surface = new RasterSurface(width, height, "#ffffff");
  draw(surface);
  const { data } = surface.pixels;
  return Array.from({ length: height }, (_, y) =>
    Array.from({ length: width }, (_, x) => Math.round(100 - data[3 * (y * width + x)]! / 2.55)),
  );
}

const black = { colour: "#000000" } as const;

test("a pixel takes as much of a colour as the shape covers of it", () => {
  const box = [
    { x: 1, y: 1 },
    { x: 5.5, y: 1 },
    { x: 5.5, y: 2.4 },
    { x: 1, y: 2.4 },
  ];
  assert.deepEqual(
    darkness((surface) => surface.area(box, black)),
    [
      [0, 0, 0, 0, 0, 0, 0, 0],
      [0, 100, 100, 100, 100, 50, 0, 0],
      [0, 40, 40, 40, 40, 20, 0, 0],
      [0, 0, 0, 0, 0, 0, 0, 0],
    ],
  );
  const half = darkness((surface) => surface.area(box, { ...black, opacity: 0.5 }));
  assert.deepEqual(half[1], [0, 50, 50, 50, 50, 25, 0, 0]);
});

test("a line covers its width once, corners and crossings too", () => {
  const corner = [
    { x: 1.5, y: 1.5 },
    { x: 6.5, y: 1.5 },
    { x: 6.5, y: 3.5 },
    { x: 6.5, y: 1.5 },
  ];
  const drawn = darkness((surface) => surface.line(corner, { ...black, width: 1, opacity: 0.5 }));
  assert.deepEqual(drawn, [
    [0, 0, 0, 0, 0, 0, 0, 0],
    [0, 50, 50, 50, 50, 50, 50, 0],
    [0, 0, 0, 0, 0, 0, 50, 0],
    [0, 0, 0, 0, 0, 0, 50, 0],
  ]);
});

test("a disc has the area of a disc", () => {
  const drawn = darkness((surface) => surface.disc({ x: 20.3, y: 19.8 }, 12, black), 40, 40);
  const area = drawn.flat().reduce((sum, share) => sum + share / 100, 0);
  assert.ok(Math.abs(area / (Math.PI * 144) - 1) < 0.005, `${area}`);
});

test("what reaches beyond the surface is cut off", () => {
  const beyond = [
    { x: -5, y: -5 },
    { x: 20, y: -5 },
    { x: 20, y: 20 },
    { x: -5, y: 20 },
  ];
  const all = Array.from({ length: 4 }, () => Array(8).fill(100));
  assert.deepEqual(
    darkness((surface) => surface.area(beyond, black)),
    all,
  );
  assert.deepEqual(
    darkness((surface) => surface.disc({ x: 4, y: 2 }, 50, black)),
    all,
  );
});

test("text stands at its anchor, and upright text turned by a quarter", () => {
  const extent = (rows: number[][]) => {
    const inked = rows.flatMap((row, y) => row.flatMap((share, x) => (share > 50 ? [{ x, y }] : [])));
    const [xs, ys] = [inked.map(({ x }) => x), inked.map(({ y }) => y)];
    return { left: Math.min(...xs), right: Math.max(...xs), top: Math.min(...ys), bottom: Math.max(...ys) };
  };
  const at = { x: 50, y: 50 };
  const style = { ...black, size: 20 };
  const start = extent(darkness((surface) => surface.text(at, "HH", style), 100, 100));
  assert.deepEqual([start.top, start.bottom], [35, 49]);
  assert.ok(start.left >= 50 && start.left <= 52);
  const end = extent(darkness((surface) => surface.text(at, "HH", { ...style, anchor: "END" }), 100, 100));
  assert.ok(end.right <= 49 && end.right >= 47);
  const upright = extent(darkness((surface) => surface.text(at, "HH", { ...style, isUpright: true }), 100, 100));
  assert.deepEqual([upright.left, upright.right], [35, 49]);
  assert.ok(upright.bottom <= 49 && upright.bottom >= 47);
});

test("each letter has a shape of its own, and what the font has not is a box", () => {
  const letters = [
    ..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
    ..."²³µσλ%=×.,:;!?'\"()[]{}/\\|_-–—−+±<>≤≥→*#&@$^`~°·…",
  ];
  const shapes = new Set(letters.map((letter) => JSON.stringify(textStrokes(letter, 20))));
  const box = JSON.stringify(textStrokes("漢", 20));
  assert.ok(!shapes.has(box));
  assert.equal(shapes.size, letters.length);
  assert.deepEqual(textStrokes("é", 20), textStrokes("e", 20));
  for (const letter of letters) {
    const points = textStrokes(letter, 20).flat();
    const width = textWidth(letter, 20);
    assert.ok(points.length > 0 && points.every(({ x, y }) => x >= 0 && x <= width && y >= -16 && y <= 4), letter);
  }
});

test("text is cut and wrapped to a width", () => {
  assert.equal(cutToWidth("photons", 13, 200), "photons");
  const cut = cutToWidth("detector[0].photons.value", 13, 80);
  assert.ok(/^detector.*…$/.test(cut) && textWidth(cut, 13) <= 80, cut);
  const lines = wrapToWidth("six tiles are few: intervals are wide and very uncertain", 13, 120, 3);
  assert.equal(lines.length, 3);
  assert.ok(lines.every((line) => textWidth(line, 13) <= 120));
  assert.match(lines[2]!, /…$/);
  assert.equal(
    wrapToWidth("six tiles are few: intervals are wide", 13, 120, 9).join(" "),
    "six tiles are few: intervals are wide",
  );
});
