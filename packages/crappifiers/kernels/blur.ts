/** Gaussian blur of a plane: two passes with a kernel cut at four standard deviations; beyond the edge its pixels go on. */
import { exp } from "./elementary";

/** The widest kernel: standard deviations up to 64 pixels. */
const MOST_WEIGHTS: i32 = 257;
/** Of the middle and what lies at 1, 2 … pixels from it. */
const weights: usize = memory.data(257 * 4, 16);

/** `scratch` has room for a plane, `values` holds the result. Nothing happens without a deviation. */
export function blurPlane(values: usize, scratch: usize, height: i32, width: i32, sigma: f64): void {
  const radius = min(<i32>(4 * sigma + 0.5), MOST_WEIGHTS - 1);
  if (radius === 0) return;
  prepareWeights(sigma, radius);
  blurColumns(scratch, values, height, width, radius);
  blurRows(values, scratch, height, width, radius);
}

function prepareWeights(sigma: f64, radius: i32): void {
  let sum: f64 = 1;
  for (let k = 1; k <= radius; k++) sum += 2 * gaussian(k, sigma);
  for (let k = 0; k <= radius; k++) store<f32>(weights + <usize>(k << 2), <f32>(gaussian(k, sigma) / sum));
}

function gaussian(k: i32, sigma: f64): f64 {
  const x = <f64>k / sigma;
  return exp(-0.5 * x * x);
}

function blurColumns(out: usize, values: usize, height: i32, width: i32, radius: i32): void {
  const stride = <usize>(width << 2);
  for (let row = 0; row < height; row++) {
    const own = values + <usize>row * stride;
    let column: usize = 0;
    for (; column + 16 <= stride; column += 16) {
      let sum = f32x4.mul(v128.load(own + column), v128.load32_splat(weights));
      for (let k = 1; k <= radius; k++) {
        const above = values + <usize>max(row - k, 0) * stride;
        const below = values + <usize>min(row + k, height - 1) * stride;
        const both = f32x4.add(v128.load(above + column), v128.load(below + column));
        sum = f32x4.add(sum, f32x4.mul(both, v128.load32_splat(weights + <usize>(k << 2))));
      }
      v128.store(out + column, sum);
    }
    for (; column < stride; column += 4) {
      let sum = load<f32>(own + column) * load<f32>(weights);
      for (let k = 1; k <= radius; k++) {
        const above = values + <usize>max(row - k, 0) * stride;
        const below = values + <usize>min(row + k, height - 1) * stride;
        sum += (load<f32>(above + column) + load<f32>(below + column)) * load<f32>(weights + <usize>(k << 2));
      }
      store<f32>(out + column, sum);
    }
    out += stride;
  }
}

function blurRows(out: usize, values: usize, height: i32, width: i32, radius: i32): void {
  const last = width - 1;
  for (let row = 0; row < height; row++) {
    let column = 0;
    while (column < width) {
      const inside = column >= radius && column + 3 + radius <= last;
      if (inside) {
        const own = values + <usize>(column << 2);
        let sum = f32x4.mul(v128.load(own), v128.load32_splat(weights));
        for (let k = 1; k <= radius; k++) {
          const reach = <usize>(k << 2);
          const both = f32x4.add(v128.load(own - reach), v128.load(own + reach));
          sum = f32x4.add(sum, f32x4.mul(both, v128.load32_splat(weights + reach)));
        }
        v128.store(out + <usize>(column << 2), sum);
        column += 4;
        continue;
      }
      let sum = load<f32>(values + <usize>(column << 2)) * load<f32>(weights);
      for (let k = 1; k <= radius; k++) {
        const left = load<f32>(values + <usize>(max(column - k, 0) << 2));
        const right = load<f32>(values + <usize>(min(column + k, last) << 2));
        sum += (left + right) * load<f32>(weights + <usize>(k << 2));
      }
      store<f32>(out + <usize>(column << 2), sum);
      column++;
    }
    values += <usize>(width << 2);
    out += <usize>(width << 2);
  }
}
