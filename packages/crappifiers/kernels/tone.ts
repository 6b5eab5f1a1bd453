/** What happens to each value by itself: the response of a detector and its converter. */
import { exp, log } from "./elementary";

/** value ← black + range · (gain · x^gamma + offset), with x = (value − black) / range, 0 below black; no number stays none. */
export function applyGamma(
  values: usize,
  count: i32,
  black: f64,
  range: f64,
  gamma: f64,
  gain: f64,
  offset: f64,
): void {
  const end = values + <usize>(count << 2);
  for (let at = values; at < end; at += 4) {
    const x = (<f64>load<f32>(at) - black) / range;
    const bent = x > 0 && gamma !== 1 ? power(x, gamma) : max<f64>(x, 0);
    store<f32>(at, <f32>(black + range * (gain * bent + offset)));
  }
}

/** x^exponent of a positive number; beyond e^±700 that. */
function power(x: f64, exponent: f64): f64 {
  return exp(min<f64>(max<f64>(exponent * log(x), -700), 700));
}

/** value ← the nearest of black, black + step, black + 2 · step … */
export function quantise(values: usize, count: i32, black: f64, step: f64): void {
  const end = values + <usize>(count << 2);
  for (let at = values; at < end; at += 4) {
    store<f32>(at, <f32>(black + step * nearest<f64>((<f64>load<f32>(at) - black) / step)));
  }
}
