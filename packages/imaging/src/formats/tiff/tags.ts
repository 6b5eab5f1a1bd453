/** The parts of TIFF 6.0 (and BigTIFF) that reading and writing share: tag numbers and field types. */

export const tag = {
  newSubfileType: 254,
  imageWidth: 256,
  imageLength: 257,
  bitsPerSample: 258,
  compression: 259,
  photometric: 262,
  fillOrder: 266,
  imageDescription: 270,
  stripOffsets: 273,
  samplesPerPixel: 277,
  rowsPerStrip: 278,
  stripByteCounts: 279,
  minSampleValue: 280,
  maxSampleValue: 281,
  xResolution: 282,
  yResolution: 283,
  resolutionUnit: 296,
  software: 305,
  predictor: 317,
  tileWidth: 322,
  tileLength: 323,
  tileOffsets: 324,
  tileByteCounts: 325,
  sampleFormat: 339,
  sMinSampleValue: 340,
  sMaxSampleValue: 341,
} as const;

export const type = { byte: 1, ascii: 2, short: 3, long: 4, rational: 5, float: 11, double: 12, long8: 16 } as const;

export const compression = { none: 1, lzw: 5, deflate: 8, oldDeflate: 32946 } as const;
