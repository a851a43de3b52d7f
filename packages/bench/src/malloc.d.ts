/** The part of npm `malloc` that the baseline uses; the package has no types of its own. */
declare module 'malloc' {
  class Allocator {
    constructor(buffer: ArrayBuffer);
    /** Answers 0 when nothing fits; throws when `size` exceeds the buffer. */
    alloc(size: number): number;
    free(address: number): number;
  }
  export = Allocator;
}
