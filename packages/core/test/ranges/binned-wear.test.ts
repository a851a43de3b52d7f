import { Binned, NO_SPACE, type SuballocatorState } from '@gpuheap/core/ranges';
import { expect, it } from 'vitest';
import { codeOf } from '../code-of.ts';

const OPTIONS = { capacity: 1200, granularity: 4, classes: [4, 12, 20] } as const;

/** Takes small ranges until there is no room, and answers where they lie. */
function fill(subject: Binned): { handles: number[]; places: string } {
  const handles: number[] = [];
  for (let k = 0; ; k++) {
    const handle = subject.allocate([4, 12, 20, 7][k % 4] as number);
    if (handle === NO_SPACE) break;
    handles.push(handle);
  }
  const places = handles.map((handle) => `${subject.offsetOf(handle)}+${subject.sizeOf(handle)}`).join();
  return { handles, places };
}

it('a binned suballocator that gave everything back serves as a new one does, however often', () => {
  const subject = new Binned(OPTIONS);
  const { places: expected } = fill(new Binned(OPTIONS));
  for (let round = 0; round < 20; round++) {
    const { handles, places } = fill(subject);
    expect(places).toBe(expected);
    for (const handle of handles) subject.free(handle);
    const whole = subject.allocate(1200);
    expect(whole).not.toBe(NO_SPACE);
    subject.free(whole);
    const { splitCount, mergeCount, holeCount } = subject.statistics();
    expect([splitCount - mergeCount, holeCount]).toEqual([0, 1]);
  }
});

it('the state of a binned suballocator stays as it is, and is refused with another capacity', () => {
  const subject = new Binned(OPTIONS);
  for (const handle of fill(subject).handles.slice(10)) subject.free(handle);
  const state = subject.serialize();
  fill(Binned.restore(state));
  expect(state).toEqual(subject.serialize());
  const capacityUnits = (state.parts['capacityUnits'] as number) + 1;
  const damaged: SuballocatorState = { ...state, parts: { ...state.parts, capacityUnits } };
  expect(codeOf(() => Binned.restore(damaged))).toBe('bad-state');
});
