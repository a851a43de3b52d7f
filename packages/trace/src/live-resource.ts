/** Live resource: what a replay knows of one resource of a trace. */
import type { Contents } from './contents.ts';
import type { Place } from './replay-target.ts';

/** A resource between its creation and its end. */
export interface LiveResource<Resource> {
  readonly id: number;
  readonly label: string;
  readonly size: number;
  /** What it must hold. */
  readonly contents: Contents;
  /** What the target made for it. */
  readonly resource: Resource;
  readonly location: 'gpu' | 'upload' | 'readback';
  /** Where its first contents come from in the pattern table. */
  readonly patternOffset: number;
  /** Whether its first contents wait for the next submission. */
  fillPending: boolean;
}

/** A live resource whose bytes are in a buffer. */
export type PlacedResource<Buffer> = LiveResource<Place<Buffer>>;
