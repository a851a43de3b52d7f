import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MockBuffer, Sighting } from '../../../mock/src/index.ts';
import { scale } from '../../../testing/src/scale.ts';
import { BufferUsage, FrameRing } from '../../src/index.ts';
import { firstDifference, openHeap, patternOf } from './open-heap.ts';

const { UNIFORM } = BufferUsage;

/** One step: what to do, and a number to do it with. */
type Step = readonly [kind: string, a: number];

const KINDS = ['push', 'push', 'push', 'push', 'fill', 'large', 'submit', 'submit', 'frame', 'frame'];
KINDS.push('complete', 'complete', 'early');

interface Piece {
  readonly buffer: MockBuffer;
  readonly offset: number;
  readonly bytes: Uint8Array;
}

function run(script: readonly Step[], reuseAfter: 'submitted' | 'completed', bytes: number): void {
  const { gpu, heap } = openHeap({}, { reuseAfter });
  const ring = new FrameRing(heap, { usage: UNIFORM, bytes });
  const seen: { sighting: Sighting; bytes: Uint8Array }[] = [];
  let frame: Piece[] = [];
  let ended: { serial: number; bytes: number }[] = [];
  let pushedBytes = 0;
  let completed = 0;
  let serial = 0;
  let seed = 0;
  let early: ReturnType<typeof gpu.recordEncoder> | undefined;
  const note = (offset: number, data: Uint8Array): void => {
    expect(offset % 256).toBe(0);
    pushedBytes += data.length;
    const size = data.length;
    // No two pieces of a frame overlap.
    const isApart = (other: Piece): boolean =>
      offset + size <= other.offset || other.offset + other.bytes.length <= offset;
    expect(frame.every(isApart)).toBe(true);
    frame.push({ buffer: ring.buffer, offset, bytes: data });
  };
  const push = (size: number): void => {
    const data = patternOf(++seed, size);
    note(ring.push(data), data);
  };
  /** Some read where a piece was pushed to, some where the ring is now. */
  const record = (encoder: ReturnType<typeof gpu.recordEncoder>): void => {
    for (const { buffer, offset, bytes } of frame) {
      for (const place of new Set([buffer, ring.buffer])) {
        seen.push({ sighting: encoder.read(place, offset, bytes.length), bytes });
      }
    }
  };
  const submit = (): void => {
    ring.flush();
    if (early !== undefined) expect(early.submit()).toBe(true);
    early = undefined;
    const encoder = gpu.recordEncoder();
    record(encoder);
    expect(encoder.submit()).toBe(true);
  };
  const steps: Record<string, (a: number) => void> = {
    push: (a) => push(1 + (a % 500)),
    large: (a) => push(1 + (a % 3000)),
    fill: (a) => {
      const data = patternOf(++seed, 1 + (a % 700));
      const offset = ring.reserve(data.length);
      ring.bytesAt(offset, data.length).set(data);
      note(offset, data);
    },
    submit,
    // Recorded before what it reads is uploaded, and before the ring may grow.
    early: () => {
      if (early !== undefined) return;
      early = gpu.recordEncoder();
      record(early);
    },
    frame: () => {
      submit();
      serial = heap.endFrame();
      ring.endFrame(serial);
      if (frame.length > 0)
        ended.push({ serial, bytes: frame.reduce((sum, { bytes }) => sum + bytes.length, 0) });
      frame = [];
    },
    complete: (a) => {
      completed = Math.max(completed, serial - (a % 4));
      gpu.completeUpTo(completed);
    },
  };
  for (const [kind, a] of [...script, ['frame', 0] as const]) {
    steps[kind]!(a);
    if (reuseAfter === 'submitted') ended = [];
    else ended = ended.filter((each) => each.serial > gpu.completedSerial);
    expect([ring.pushedBytes, ring.framesInFlight]).toEqual([pushedBytes, ended.length]);
    const asked = frame.reduce((sum, piece) => sum + piece.bytes.length, 0);
    expect(ring.usedBytes).toBeGreaterThanOrEqual(asked);
    if (asked === 0 && ended.length === 0) expect(ring.usedBytes).toBe(0);
    expect(ring.usedBytes <= ring.capacity && ring.capacity >= 2 ** ring.grownCount * bytes).toBe(true);
  }
  gpu.completeAll();
  for (const { sighting, bytes: expected } of seen) {
    expect(firstDifference(sighting.bytes!, expected)).toBe(-1);
  }
  const dangers = gpu.hazards.filter(({ kind }) => kind !== 'overwrite-before-submit');
  expect(dangers).toEqual([]);
  heap.endFrame();
  heap.endFrame();
  expect(gpu.buffers.size).toBe(1);
  expect(heap.statistics().createdBufferCount).toBe(1 + ring.grownCount);
}

describe('frame ring model', () => {
  for (const reuseAfter of ['submitted', 'completed'] as const) {
    it(`shows every encoder what was pushed for it, bytes reused after ${reuseAfter}`, () => {
      const script = fc.array(fc.tuple(fc.constantFrom(...KINDS), fc.nat(1_000_000)), {
        minLength: 10,
        maxLength: 150,
        size: 'max',
      });
      fc.assert(
        fc.property(script, fc.constantFrom(256, 2048, 16_384), (steps, bytes) =>
          run(steps, reuseAfter, bytes),
        ),
        { numRuns: scale(150, 800) },
      );
    });
  }
});
