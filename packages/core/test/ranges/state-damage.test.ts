import type { SuballocatorState } from '@gpuheap/core/ranges';
import { describe, expect, it } from 'vitest';
import { scale } from '../../../testing/src/scale.ts';
import { KINDS, makeScene, type Part, tryRestore, useUp, withPart } from './damaged-states.ts';

/** Of so many damages one is tried. */
const EACH = scale(1, 1, 2);

/** Every state that differs from `state` in one number, by what it is. */
function* damage(state: SuballocatorState): IterableIterator<[string, SuballocatorState]> {
  for (const [name, part] of Object.entries(state.parts)) {
    const withOther = (changed: Part): SuballocatorState => withPart(state, name, changed);
    if (typeof part === 'number') {
      for (const value of [part - 1, part + 1, 0]) yield [`${name} ${value}`, withOther(value)];
      continue;
    }
    for (let at = 0; at < part.length; at++) {
      const now = part[at] as number;
      const others = [part[(at * 7 + 5) % part.length] as number, part[(at + 6) % part.length] as number];
      const halves = part instanceof Float64Array ? [now + 0.5, Number.NaN] : [];
      for (const value of new Set([0, -1, -now, now + 1, now - 1, now + 6, ...halves, ...others])) {
        if (value !== now)
          yield [`${name}[${at}] = ${value}, was ${now}`, withOther(part.with(at, value) as Part)];
      }
    }
    yield [`${name} one longer`, withOther(lengthened(part))];
    yield [`${name} one shorter`, withOther(part.slice(0, -1))];
  }
}

function lengthened(part: Int32Array | Float64Array): Int32Array | Float64Array {
  const longer =
    part instanceof Int32Array ? new Int32Array(part.length + 1) : new Float64Array(part.length + 1);
  longer.set(part);
  return longer;
}

describe('a state in which one number is wrong', () => {
  it.each(KINDS)('is refused, or does no harm: %s', (_name, make, restore) => {
    const state = makeScene(make).serialize();
    expect(useUp(restore(state))).toEqual([]);
    let refused = 0;
    let count = 0;
    for (const [what, damaged] of damage(state)) {
      if (count++ % EACH !== 0) continue;
      const made = tryRestore(restore, damaged);
      if (made === undefined) refused++;
      else expect.soft({ what, found: useUp(made) }).toEqual({ what, found: [] });
    }
    expect(refused).toBeGreaterThan(100 / EACH);
  });
});
