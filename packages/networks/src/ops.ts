/**
 * The vocabulary in which networks are written. A network is a function over `Ops<T>`; an interpreter says what `T` is:
 * a tensor (training), a graph value (ONNX), a shape (validation), an interval of input pixels (receptive field).
 *
 * `T` is always one batch of feature maps. No operation names an axis, so an interpreter is free to hold them as
 * [batch, height, width, channels] (TensorFlow) or [batch, channels, height, width] (ONNX). Every operation is defined
 * here to the last pixel: all interpreters must give the same numbers.
 */
import type { Parameter } from "./parameter.js";

export interface Conv2d {
  /** Shape [kernel height, kernel width, channels in, channels out] (TensorFlow's HWIO), the kernel square. */
  weights: Parameter;
  /** Shape [channels out]. Without it nothing is added. */
  bias?: Parameter;
  /** Step between two output pixels, in input pixels. Default 1. */
  stride?: number;
}

export interface Ops<T> {
  /** How many channels `x` has: lets a layer follow from what it is applied to. */
  channels(x: T): number;

  /**
   * Cross-correlation (no flip) with zero padding of floor((kernel − 1) / 2) pixels on EACH side of both axes, as
   * PyTorch's `padding=1` for a 3×3 kernel, and none for 1×1 and 2×2. Sides become
   * floor((side + 2·padding − kernel) / stride) + 1. Mind TensorFlow's SAME with a stride: it pads one side only.
   */
  conv2d(x: T, conv: Conv2d): T;

  /** max(x, 0), element by element. */
  relu(x: T): T;

  /** a + b, element by element; both have the same shape. */
  add(a: T, b: T): T;

  /** The channels `start` … `start + count − 1` of `x`. */
  takeChannels(x: T, start: number, count: number): T;

  /**
   * Channels to space: [c·r², h, w] → [c, h·r, w·r] with r = `factor`. Output pixel (y, x) of channel k is input channel
   * k·r² + (y mod r)·r + (x mod r) at (⌊y/r⌋, ⌊x/r⌋): PyTorch's PixelShuffle, ONNX DepthToSpace in mode CRD. With channels
   * last: reshape [b, h, w, c, r, r], transpose [0, 1, 4, 2, 5, 3], reshape [b, h·r, w·r, c].
   */
  pixelShuffle(x: T, factor: number): T;

  /**
   * Bilinear enlargement by a whole `factor` with half-pixel centres and clamped edges: output pixel i lies at
   * (i + ½) / factor − ½ of the input and is interpolated between the two neighbours, whose indices are clamped to the
   * image (PyTorch `align_corners=False`, ONNX `half_pixel`, TensorFlow `halfPixelCenters`). A network applies it only to
   * its input, never behind a trained layer: an interpreter need not give it a gradient.
   */
  upsampleBilinear(x: T, factor: number): T;
}
