/** An interval of pixels along one axis, and a box of them: start and size along each axis, slowest first. */

export interface Interval {
  readonly start: number;
  readonly size: number;
}

export interface Box {
  readonly start: readonly number[];
  readonly shape: readonly number[];
}

export function floorTo(value: number, step: number): number {
  return Math.floor(value / step) * step;
}

export function ceilTo(value: number, step: number): number {
  return Math.ceil(value / step) * step;
}
