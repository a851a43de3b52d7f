/**
 * Scene: a suballocator whose ranges have letters, drawn a character a unit, for tests that say where
 * everything lies.
 */
import { type Handle, type Linear, NO_SPACE, type Ring } from '@gpuheap/core/ranges';

/** See the head of the file. */
export class Scene<Kind extends Linear | Ring> {
  readonly subject: Kind;
  private readonly handles = new Map<string, Handle>();

  constructor(subject: Kind) {
    this.subject = subject;
  }

  /** Allocates and answers the offset, or -1 when refused. */
  put(letter: string, size: number, alignment = 1): number {
    return this.keep(letter, this.subject.allocate(size, alignment));
  }

  /** Notes a range that was allocated otherwise, or answers -1. */
  keep(letter: string, handle: Handle): number {
    if (handle === NO_SPACE) return -1;
    this.handles.set(letter, handle);
    return this.subject.offsetOf(handle);
  }

  /** Frees the ranges of these letters, one after the other. */
  drop(letters: string): void {
    for (const letter of letters) this.subject.free(this.handleOf(letter));
  }

  resize(letter: string, size: number): boolean {
    return this.subject.resize(this.handleOf(letter), size);
  }

  handleOf(letter: string): Handle {
    return this.handles.get(letter) as Handle;
  }

  /** A letter for every unit that is live, a dot for every one that is free. */
  get picture(): string {
    const { granularity } = this.subject;
    const letters = new Map([...this.handles].map(([letter, handle]) => [handle, letter]));
    return [...this.subject.ranges()]
      .map(({ size, handle }) => (letters.get(handle) ?? '.').repeat(size / granularity))
      .join('');
  }
}
