/** Turns a random word into a number strictly between 0 and 1. */
export function unit(word: u32): f64 {
  return (<f64>word + 0.5) * 2.3283064365386963e-10; // 2⁻³²
}
