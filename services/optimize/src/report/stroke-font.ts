/**
 * Letters as strokes of a round pen, so that a picture needs no font of the system it is drawn on. Twenty units are the size of
 * the font; letters stand on 0, capitals reach to 14 and small letters to 10. A glyph is its width and its strokes: M begins
 * one, L goes straight on, h and v go on along a quarter of an ellipse that begins horizontally or vertically.
 */
const UNITS = 20;
/** On either side of a glyph. */
const BEARING = 1.6;
/** By how much the fonts that a viewer of SVG may have are wider: text is cut so that it fits in those too. */
const WIDEST = 1.15;
const X_HEIGHT = 10;
const CAPITAL_HEIGHT = 14;

const glyphs: Readonly<Record<string, readonly [width: number, strokes: string]>> = {
  " ": [2.8, ""],
  A: [10.6, "M0 0L5.3 14L10.6 0M1.9 5L8.7 5"],
  B: [8.6, "M0 0L0 14L4.8 14h8 10.7v4.8 7.5h8.6 3.7v5 0L0 0M0 7.5L5 7.5"],
  C: [10, "M10 10.2v5.4 14h0 7v5.4 0h10 3.8"],
  D: [9.8, "M0 0L0 14L4 14h9.8 7v4 0L0 0"],
  E: [8, "M8 14L0 14L0 0L8.2 0M0 7.4L7.2 7.4"],
  F: [7.6, "M7.8 14L0 14L0 0M0 7.2L6.8 7.2"],
  G: [10.4, "M9.9 10.4v5.4 14h0 7v5.4 0h10.4 5.4L10.4 6.8L5.8 6.8"],
  H: [9.4, "M0 0L0 14M9.4 0L9.4 14M0 7.4L9.4 7.4"],
  I: [0.4, "M0.2 0L0.2 14"],
  J: [6.4, "M6.4 14L6.4 4v3.2 0h0 4"],
  K: [9, "M0 0L0 14M8.6 14L0 5.2M3 8.2L9 0"],
  L: [7, "M0 14L0 0L7.4 0"],
  M: [11.4, "M0 0L0 14L5.7 2L11.4 14L11.4 0"],
  N: [9.4, "M0 0L0 14L9.4 0L9.4 14"],
  O: [11, "M0 7v5.5 14h11 7v5.5 0h0 7"],
  P: [8.4, "M0 0L0 14L4.6 14h8.4 10.3v4.6 6.6L0 6.6"],
  Q: [11, "M0 7v5.5 14h11 7v5.5 0h0 7M6.8 3.4L10.8 -1"],
  R: [9, "M0 0L0 14L4.8 14h8.6 10.4v4.8 6.8L0 6.8M5 6.8L9 0"],
  S: [8.8, "M8.3 10.6v4.4 14h0.3 10.6v4.2 7.3h8.8 3.7v4.4 0h0 3.7"],
  T: [9.4, "M0 14L9.4 14M4.7 14L4.7 0"],
  U: [9.4, "M0 14L0 4.8v4.7 0h9.4 4.8L9.4 14"],
  V: [10.2, "M0 14L5.1 0L10.2 14"],
  W: [15, "M0 14L3.8 0L7.5 13.4L11.2 0L15 14"],
  X: [9.6, "M0 0L9.3 14M0.3 14L9.6 0"],
  Y: [9.8, "M0 14L4.9 6.6L9.8 14M4.9 6.6L4.9 0"],
  Z: [9, "M0.3 14L8.8 14L0 0L9 0"],
  a: [7.6, "M0.5 7.6v4 10h7.4 6.8L7.4 0M7.4 6.2L4 5.9h0 2.9v3.3 0h7.4 3.4"],
  b: [7.9, "M0 0L0 14M0 5v4 10h7.9 5v4 0h0 5"],
  c: [7.3, "M7.2 6.9v4 10h0 5v4 0h7.3 2.9"],
  d: [7.9, "M7.9 0L7.9 14M7.9 5v3.9 10h0 5v3.9 0h7.9 5"],
  e: [7.8, "M0.1 5.3L7.8 5.3v4 10h0 5v4 0h7.4 2.5"],
  f: [4.2, "M4.6 13.9h1.7 11.4L1.7 0M0 9.8L4.3 9.8"],
  g: [7.9, "M7.9 10L7.9 -0.6v4 -4h0.4 -1.6M7.9 5v3.9 10h0 5v3.9 0h7.9 5"],
  h: [7.4, "M0 0L0 14M0 6v3.9 10h7.4 6.4L7.4 0"],
  i: [0.4, "M0.2 0L0.2 10M0.2 13.6L0.2 13.8"],
  j: [2, "M1.8 10L1.8 -1.6v-0.6 -4M1.8 13.6L1.8 13.8"],
  k: [7, "M0 0L0 14M6.6 10L0 3.6M2.5 6L7 0"],
  l: [1.6, "M0.2 14L0.2 1.7v1.7 0"],
  m: [12.4, "M0 0L0 10M0 6.2v3.2 10h6.2 6.6L6.2 0M6.2 6.2v9.4 10h12.4 6.6L12.4 0"],
  n: [7.4, "M0 0L0 10M0 6v3.9 10h7.4 6.4L7.4 0"],
  o: [8.2, "M0 5v4.1 10h8.2 5v4.1 0h0 5"],
  p: [7.9, "M0 -4L0 10M0 5v4 10h7.9 5v4 0h0 5"],
  q: [7.9, "M7.9 -4L7.9 10M7.9 5v3.9 10h0 5v3.9 0h7.9 5"],
  r: [4.2, "M0 0L0 10M0 6v3 10L4.4 10"],
  s: [6.8, "M6.4 7.5v3.4 10h0.3 7.6v3.3 5.2h6.8 2.6v3.4 0h0 2.6"],
  t: [4.2, "M1.7 13L1.7 2.4v4.4 0M0 10L4.4 10"],
  u: [7.4, "M0 10L0 3.6v3.5 0h7.4 4M7.4 10L7.4 0"],
  v: [7.6, "M0 10L3.8 0L7.6 10"],
  w: [11.4, "M0 10L2.9 0L5.7 9.6L8.5 0L11.4 10"],
  x: [7.2, "M0 0L7 10M0.2 10L7.2 0"],
  y: [7.6, "M0 10L3.9 0M7.6 10L3.1 -2.2v0.9 -4"],
  z: [6.8, "M0.2 10L6.6 10L0 0L6.9 0"],
  "0": [8, "M0 7v4 14h8 7v4 0h0 7"],
  "1": [8, "M1.2 10.8L4.6 14L4.6 0"],
  "2": [8, "M0.2 10.2v3.9 14h7.7 10.3v3.6 4.6L0 0L8.1 0"],
  "3": [8, "M0.4 11v3.8 14h7.5 10.7v3.6 7.6M2.8 7.6L3.9 7.6h8 3.9v3.9 0h0 3.4"],
  "4": [8, "M6 0L6 14L0 4L8.4 4"],
  "5": [8, "M7.5 14L1.2 14L0.5 7.2M0.5 7.2v3.9 9h8 4.6v3.8 0h0 3.2"],
  "6": [8, "M7.4 11.2v4.3 14h0 6.4L0 4.6v4 0h8 4.5v4.1 9h0 4.5"],
  "7": [8, "M0.2 14L8 14L3 0"],
  "8": [8, "M4 7.6v0.4 10.8v4 14h7.6 10.8v4 7.6h0 3.9v4 0h8 3.9v4 7.6"],
  "9": [8, "M0.6 2.8v3.7 0h8 7.6L8 9.4v4 14h0 9.5v3.9 5h8 9.5"],
  ".": [1.6, "M0.8 0.1L0.8 0.4"],
  ",": [1.2, "M0.9 0.3L0.9 -0.2L0.2 -2.2"],
  ":": [0.8, "M0.4 0.1L0.4 0.3M0.4 9.3L0.4 9.5"],
  ";": [1.2, "M0.9 0.3L0.9 -0.2L0.2 -2.2M0.8 9.3L0.8 9.5"],
  "!": [0.8, "M0.4 0.1L0.4 0.3M0.4 14L0.4 4.2"],
  "?": [7, "M0 10.6v3.5 14h7 10.6v3.5 5.6L3.5 4.2M3.5 0.1L3.5 0.3"],
  "'": [0.8, "M0.4 14L0.4 10.6"],
  '"': [3.4, "M0.4 14L0.4 10.6M3 14L3 10.6"],
  "(": [3, "M3 15.2h0 5.6v3 -4"],
  ")": [3, "M0 15.2h3 5.6v0 -4"],
  "[": [2.6, "M2.8 15L0 15L0 -3.4L2.8 -3.4"],
  "]": [2.6, "M-0.2 15L2.6 15L2.6 -3.4L-0.2 -3.4"],
  "{": [3.6, "M3.6 15h1.6 13L1.6 7.8v0 5.8h1.6 3.8L1.6 -1.4v3.6 -3.4"],
  "}": [3.6, "M0 15h2 13L2 7.8v3.6 5.8h2 3.8L2 -1.4v0 -3.4"],
  "/": [4.6, "M0 -0.6L4.6 14.6"],
  "\\": [4.6, "M0 14.6L4.6 -0.6"],
  "|": [0.4, "M0.2 15L0.2 -3.6"],
  "-": [4, "M0 5.2L4 5.2"],
  "–": [8, "M0 5.2L8 5.2"],
  "—": [16, "M0 5.2L16 5.2"],
  "−": [8, "M0 6L8 6"],
  "+": [8, "M0 6L8 6M4 2L4 10"],
  "±": [8, "M0 7.4L8 7.4M4 3.4L4 11.4M0 0.6L8 0.6"],
  "×": [6.4, "M0 2.8L6.4 9.2M0 9.2L6.4 2.8"],
  "=": [8, "M0 8L8 8M0 4L8 4"],
  "<": [8, "M8 10.4L0 6L8 1.6"],
  ">": [8, "M0 10.4L8 6L0 1.6"],
  "≤": [8, "M8 12L0 7.8L8 3.6M0 0.6L8 0.6"],
  "≥": [8, "M0 12L8 7.8L0 3.6M0 0.6L8 0.6"],
  "→": [12, "M0 6L12 6M8.4 9.4L12 6L8.4 2.6"],
  "*": [5, "M2.5 14L2.5 8.6M0.1 12.7L4.9 9.9M0.1 9.9L4.9 12.7"],
  "#": [8.4, "M2.8 14L1.4 0M7 14L5.6 0M0.6 9.4L8.4 9.4M0 4.6L7.8 4.6"],
  "%": [13.4, "M0 10.6v2.8 14h5.6 10.6v2.8 7.2h0 10.6M7.8 3.4v10.6 6.8h13.4 3.4v10.6 0h7.8 3.4M10.8 14L2.6 0"],
  "&": [10.4, "M10 0L2 9.2v1.4 11v4 14h6.8 11v5 8h0.4 3.8v4.4 0h9.8 6"],
  "@": [15, "M10.6 4v6.8 8.8h3.8 5.6v6.6 2.6h10.4 5.6L10.9 8.6M10.5 5L10.5 4.4v12.4 2.8h15 7v7.8 14h0 5.6v7.6 -3"],
  $: [8.4, "M8 10.4v4.2 13.2h0.4 10.2v4.2 7.1h8.4 3.8v4.2 0.6h0 3.6M4.2 15.4L4.2 -1.6"],
  "^": [6.4, "M0 8.6L3.2 14L6.4 8.6"],
  _: [9, "M-1 -2.4L10 -2.4"],
  "`": [2.4, "M0 14L2.4 11.6"],
  "~": [8.4, "M0 5.2v2.2 7.2h4.2 6v6.4 4.8h8.4 6.8"],
  "°": [4.4, "M0 11.8v2.2 14h4.4 11.8v2.2 9.6h0 11.8"],
  "²": [4.6, "M0.1 12v2.2 14h4.4 12v2.2 9.4L0 7L4.7 7"],
  "³": [4.6, "M0.2 12.6v2.2 14h4.3 12.3v2.2 10.8M1.8 10.8L2.2 10.8h4.6 8.9v2.3 7h0 8.7"],
  "·": [0.8, "M0.4 5.6L0.4 5.8"],
  "…": [9.6, "M0.4 0.1L0.4 0.3M4.8 0.1L4.8 0.3M9.2 0.1L9.2 0.3"],
  µ: [7.4, "M0 10L0 -4M0 3.6v3.5 0h7.4 4M7.4 10L7.4 0"],
  σ: [8.6, "M9.2 10L4.2 10h0 5v4.2 0h8.2 5v6.4 9.4"],
  λ: [7.6, "M0.6 14h2.6 11.6L7.6 0M3.7 8L0 0"],
};

/** Stands for what the font has not: an empty box. */
const missing = [7.2, "M0 0L0 14L7.2 14L7.2 0L0 0"] as const;

const sameAs: Readonly<Record<string, string>> = {
  "\u03bc": "µ",
  "\u2018": "'",
  "\u2019": "'",
  "\u201c": '"',
  "\u201d": '"',
};

type Stroke = readonly (readonly [x: number, y: number])[];

interface Glyph {
  readonly advance: number;
  readonly strokes: readonly Stroke[];
}

const known = new Map<string, Glyph>();

function glyphOf(letter: string): Glyph {
  const plain = sameAs[letter] ?? letter;
  const found = known.get(plain);
  if (found !== undefined) return found;
  // An accent that the font has not is left out.
  const description = glyphs[plain] ?? glyphs[plain.normalize("NFD").slice(0, 1)];
  const [width, strokes] = description ?? missing;
  const glyph = { advance: width + 2 * BEARING, strokes: parseStrokes(strokes) };
  if (description !== undefined) known.set(plain, glyph);
  return glyph;
}

function parseStrokes(text: string): Stroke[] {
  const strokes: [number, number][][] = [];
  for (const [, command, xs, ys] of text.matchAll(/([MLhv])(-?[\d.]+) (-?[\d.]+)/g)) {
    const [x, y] = [Number(xs), Number(ys)];
    if (command === "M") strokes.push([]);
    const stroke = strokes.at(-1)!;
    if (command === "h" || command === "v") {
      const [fromX, fromY] = stroke.at(-1)!;
      const steps = 6;
      for (let n = 1; n < steps; n++) {
        const [sine, cosine] = [Math.sin((n / steps) * (Math.PI / 2)), Math.cos((n / steps) * (Math.PI / 2))];
        const [alongX, alongY] = command === "h" ? [sine, 1 - cosine] : [1 - cosine, sine];
        stroke.push([fromX + (x - fromX) * alongX, fromY + (y - fromY) * alongY]);
      }
    }
    stroke.push([x, y]);
  }
  return strokes;
}

/** How wide a text is in pixels; other fonts of the same size are alike. */
export function textWidth(text: string, size: number): number {
  let units = 0;
  for (const letter of text) units += glyphOf(letter).advance;
  return (units * size) / UNITS;
}

/** The text, or as much of its beginning as fits with "…" behind it. */
export function cutToWidth(text: string, size: number, width: number): string {
  const room = (width * UNITS) / (size * WIDEST);
  const ellipsis = glyphOf("…").advance;
  let [units, fitting] = [0, ""];
  for (const letter of text) {
    units += glyphOf(letter).advance;
    if (units > room) return `${fitting.trimEnd()}…`;
    if (units + ellipsis <= room) fitting += letter;
  }
  return text;
}

/** The text in lines that fit, broken between words; what does not fit in so many lines is cut. */
export function wrapToWidth(text: string, size: number, width: number, lines: number): string[] {
  const wrapped: string[] = [];
  const words = text.split(/\s+/).filter((word) => word !== "");
  while (words.length > 0) {
    if (wrapped.length === lines - 1) {
      wrapped.push(cutToWidth(words.join(" "), size, width));
      break;
    }
    let line = words.shift()!;
    while (words.length > 0 && textWidth(`${line} ${words[0]}`, size) * WIDEST <= width) line += ` ${words.shift()}`;
    wrapped.push(cutToWidth(line, size, width));
  }
  return wrapped;
}

/**
 * The strokes of a text in pixels, x to the right and y downwards from where the text begins. Heights are whole pixels, for
 * small letters are legible only where their horizontal strokes are.
 */
export function textStrokes(text: string, size: number): { x: number; y: number }[][] {
  const unit = size / UNITS;
  const [small, capital] = [Math.round(X_HEIGHT * unit), Math.round(CAPITAL_HEIGHT * unit)];
  const height = (y: number) => {
    if (y <= X_HEIGHT) return (y / X_HEIGHT) * small;
    return small + ((y - X_HEIGHT) / (CAPITAL_HEIGHT - X_HEIGHT)) * (capital - small);
  };
  const strokes: { x: number; y: number }[][] = [];
  let left = 0;
  for (const letter of text) {
    const glyph = glyphOf(letter);
    for (const stroke of glyph.strokes) {
      strokes.push(stroke.map(([x, y]) => ({ x: (left + BEARING + x) * unit, y: -height(y) })));
    }
    left += glyph.advance;
  }
  return strokes;
}
