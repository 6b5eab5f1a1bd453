/** Numbers as people read them in a report. What is no number is "–". */

/** To so many digits, all those before the point; "1.2e7" where it would be long. Whole numbers stay whole: 255. */
export function numberText(value: number, digits = 3): string {
  if (!Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  if (size >= 1e6 || (size < 1e-4 && size > 0)) return exponentText(value, digits);
  if (Number.isInteger(value) || size >= 10 ** digits) return withMinus(value.toFixed(0));
  return withMinus(value.toPrecision(digits));
}

/** The ends of an interval: "0.915 – 1.20". */
export function intervalText(low: number, high: number): string {
  return `${numberText(low)} – ${numberText(high)}`;
}

/** How many times one is the other: 1.04, 12.7. */
export function ratioText(ratio: number): string {
  return Math.abs(ratio) < 10 ? withMinus(ratio.toFixed(2)) : numberText(ratio);
}

/** A number of an axis whose numbers lie so far apart, a power of ten or 2 or 5 of it. */
export function tickText(value: number, step: number): string {
  if (Math.abs(value) < step / 1e6) return "0";
  const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  if (decimals > 4 || Math.abs(value) >= 1e6) return exponentText(value, 4);
  return withMinus(value.toFixed(decimals));
}

function exponentText(value: number, digits: number): string {
  const [mantissa, exponent] = value.toExponential(digits - 1).split("e");
  return withMinus(`${Number(mantissa)}e${Number(exponent)}`);
}

function withMinus(text: string): string {
  return text.replace(/-/g, "−");
}
