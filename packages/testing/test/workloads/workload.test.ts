import { describe, expect, it } from 'vitest';
import {
  HOME_WORKLOAD_NAMES,
  makeWorkload,
  OPERATION_ALLOCATE,
  WORKLOAD_NAMES,
  XorShift32,
} from '../../src/workloads/index.ts';

const SMALL = { live: 1000, steps: 20_000 };

describe('random numbers', () => {
  it('follows the published recurrence', () => {
    // 1 ^ 1<<13 = 8193; 8193>>>17 = 0; 8193 ^ 8193<<5 = 270369.
    expect(new XorShift32(1).next()).toBe(270369);
    const random = new XorShift32();
    expect([random.next(), random.next(), random.next()]).toEqual(slowXorShift(0x2545f491, 3));
  });

  it('draws within bounds', () => {
    const random = new XorShift32(7);
    for (let i = 0; i < 10_000; i++) {
      const size = random.logUniform(256, 2 ** 20);
      expect(size).toBeGreaterThanOrEqual(256);
      expect(size).toBeLessThan(2 ** 20);
      expect(random.below(3)).toBeLessThan(3);
    }
  });
});

/** The same recurrence in BigInt arithmetic. */
function slowXorShift(seed: number, count: number): number[] {
  const mask = 0xffffffffn;
  let s = BigInt(seed);
  return Array.from({ length: count }, () => {
    s = (s ^ (s << 13n)) & mask;
    s ^= s >> 17n;
    s = (s ^ (s << 5n)) & mask;
    return Number(s);
  });
}

describe.each([...WORKLOAD_NAMES, ...HOME_WORKLOAD_NAMES])('%s', (name) => {
  const options = name === 'W3' ? { steps: 50 } : name === 'W5' ? {} : SMALL;
  const workload = makeWorkload(name, options);
  const { kind, slot, size, alignment } = workload.operations;

  it('is the same every time', () => {
    expect(makeWorkload(name, options)).toEqual(workload);
    expect(makeWorkload(name, { ...options, seed: 99 }).operations).not.toEqual(workload.operations);
  });

  it('frees only what is live and allocates only what is not', () => {
    const live = new Set<number>();
    let vain = 0;
    for (let i = 0; i < workload.operationCount; i++) {
      const at = slot[i] as number;
      if (kind[i] === OPERATION_ALLOCATE) {
        if (name === 'W5' && at === workload.slotCount - 1) vain++;
        else if (live.has(at)) expect.fail(`slot ${at} is live already, operation ${i}`);
        else live.add(at);
      } else if (!live.delete(at)) expect.fail(`slot ${at} is not live, operation ${i}`);
    }
    expect(vain).toBe(workload.expectedFailureCount);
    expect(Math.max(...slot)).toBe(workload.slotCount - 1);
  });

  it('has sizes and alignments of its kind, and never asks for more than the span', () => {
    let liveBytes = 0;
    for (let i = 0; i < workload.operationCount; i++) {
      if (name === 'W5' && slot[i] === workload.slotCount - 1) continue;
      liveBytes += (kind[i] === OPERATION_ALLOCATE ? 1 : -1) * (size[i] as number);
      if (liveBytes > workload.span || liveBytes < 0) expect.fail(`${liveBytes} live, operation ${i}`);
    }
    expect(new Set(alignment)).toEqual(new Set([workload.alignment]));
    expect(workload.span % workload.alignment).toBe(0);
    expect(Math.min(...size)).toBeGreaterThanOrEqual(
      name === 'W6' || name === 'powers' ? 16 : name === 'W2' || name === 'stack' ? 64 : 256,
    );
  });
});

describe('checkerboard', () => {
  it('is of the published size, or as many slots as asked', () => {
    const { span, fillCount, expectedFailureCount } = makeWorkload('W5');
    expect([span, fillCount, expectedFailureCount]).toEqual([32_768 * 4096, 32_768, 4_096]);
    const small = makeWorkload('W5', { steps: 64 });
    expect([small.span, small.fillCount, small.expectedFailureCount]).toEqual([64 * 4096, 64, 8]);
  });
});

describe('churn', () => {
  it('stays within 70 and 80 percent, but for the operation in between', () => {
    const { operations, operationCount, fillCount, span } = makeWorkload('W1', { steps: 50_000 });
    expect(operationCount - fillCount).toBe(50_000);
    let liveBytes = 0;
    for (let i = 0; i < operationCount; i++) {
      const allocates = operations.kind[i] === OPERATION_ALLOCATE;
      liveBytes += (allocates ? 1 : -1) * (operations.size[i] as number);
      if (i < fillCount) continue;
      const share = liveBytes / span;
      if (share > 0.8 || share < 0.69) expect.fail(`${share} live, operation ${i}`);
    }
    expect(fillCount).toBeGreaterThan(1_400);
    expect(fillCount).toBeLessThan(1_800);
  });
});

describe('equal', () => {
  it('is of one size, three quarters of 65,536 slots', () => {
    const { operations, span, fillCount, slotCount, alignment } = makeWorkload('equal', { steps: 1000 });
    expect(new Set(operations.size)).toEqual(new Set([256]));
    expect([span, alignment, fillCount, slotCount]).toEqual([65_536 * 256, 256, 49_152, 49_152]);
  });
});

describe('powers', () => {
  it('is of powers of two alone, each as often as the others', () => {
    const { operations } = makeWorkload('powers', { live: 7000, steps: 1 });
    const sizes = [16, 32, 64, 128, 256, 512, 1024];
    expect(new Set(operations.size)).toEqual(new Set(sizes));
    for (const size of sizes) {
      const count = operations.size.filter((each) => each === size).length;
      expect(count).toBeGreaterThan(800);
    }
  });
});

describe('stack', () => {
  it('frees what was allocated last', () => {
    const { operations, operationCount, fillCount } = makeWorkload('stack', { live: 100, steps: 5001 });
    expect(operationCount - fillCount).toBe(5001);
    const stack: number[] = [];
    for (let i = 0; i < operationCount; i++) {
      if (operations.kind[i] === OPERATION_ALLOCATE) stack.push(operations.slot[i] as number);
      else expect(stack.pop()).toBe(operations.slot[i]);
      if (i >= fillCount) expect(stack.length).toBeGreaterThanOrEqual(50);
    }
  });
});
