/** Mesh shapes: a red triangle, a green square and a blue house, for the mesh renderer. */

/** What is drawn. */
export interface Mesh {
  readonly name: string;
  /** Where it stands, in pixels: x, y and twice nothing; then red, green, blue and opacity. */
  readonly uniforms: Float32Array;
  /** Pixels from there: x, y. */
  readonly corners: Float32Array;
  readonly indices: Uint16Array;
}

/** No edge goes through the middle of a pixel: what is drawn does not depend on how a device rounds. */
export const SHAPES: readonly Mesh[] = [
  {
    name: 'triangle',
    uniforms: new Float32Array([4, 0, 0, 0, 1, 0, 0, 1]),
    corners: new Float32Array([8, 0, 0, 16, 16, 16]),
    indices: new Uint16Array([0, 1, 2]),
  },
  {
    name: 'square',
    uniforms: new Float32Array([24, 0, 0, 0, 0, 1, 0, 1]),
    corners: new Float32Array([2, 2, 14, 2, 2, 14, 14, 14]),
    indices: new Uint16Array([0, 1, 2, 2, 1, 3]),
  },
  {
    name: 'house',
    uniforms: new Float32Array([44, 0, 0, 0, 0, 0, 1, 1]),
    corners: new Float32Array([8, 0, 4, 8, 12, 8, 4, 16, 12, 16]),
    indices: new Uint16Array([0, 1, 2, 2, 1, 3, 2, 3, 4]),
  },
];
