/**
 * Programs: what a seed does to a suballocator of given capabilities.
 *
 * Promise  a seed alone decides the span, the sizes and every operation; every operation that the
 *          capabilities name comes up.
 */
import { XorShift32 } from '../workloads/random.ts';
import { type Contract, GRANULARITIES, servedAlignments } from './contract-case.ts';
import type { Operation, Program } from './operations.ts';

/** Draws one operation. */
type Draw = () => Operation;

/** Sizes that hardly any span holds. */
const HUGE = [2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32 + 1, 2 ** 52, 2 ** 53 - 1];

/** The program of a seed. O(length). */
export function makeProgram(contract: Contract, seed: number, length: number): Program {
  // Seeds next to each other would begin alike: spread them.
  const random = new XorShift32(Math.imul(seed, 0x9e3779b1));
  for (let i = 0; i < 8; i++) random.next();
  const { freesInAnyOrder } = contract.capabilities;
  const granularity = pick(random, [...GRANULARITIES, 1, 3, 1000]);
  const units = drawUnits(random);
  const draws = new Draws(contract, random, units, granularity);
  // A third of the seeds leave the optional operations out, the others take some of them.
  const extras = draws.extras().filter(() => random.below(2) === 0);
  const extraShare = extras.length === 0 || random.below(3) === 0 ? 0 : 0.25;
  const resetShare = freesInAnyOrder ? 0.002 : 0.03;
  const newestShare = freesInAnyOrder ? 0.2 : 0.8;
  let freeShare = 0.3;
  const operations: Operation[] = [];
  while (operations.length < length) {
    // Phases of filling and of emptying.
    if (operations.length % 64 === 0) freeShare = 0.2 + 0.4 * random.uniform();
    if (random.uniform() < extraShare) {
      operations.push(pick(random, extras)());
      continue;
    }
    const dice = random.uniform();
    if (dice < freeShare) {
      operations.push({ act: 'free', pick: random.uniform() < newestShare ? -1 : random.below(1000) });
    } else if (dice < freeShare + resetShare) operations.push({ act: 'reset' });
    else if (dice > 0.94) operations.push(draws.misuse());
    else operations.push(draws.allocate());
  }
  return { capacity: units * granularity + random.below(granularity), granularity, operations };
}

/** Draws for one program: its habits of size and alignment. */
class Draws {
  private readonly contract: Contract;
  private readonly random: XorShift32;
  private readonly units: number;
  private readonly drawSize: () => number;
  private readonly drawAlignment: () => number;

  constructor(contract: Contract, random: XorShift32, units: number, granularity: number) {
    this.contract = contract;
    this.random = random;
    this.units = units;
    this.drawSize = drawSizes(random, units * granularity);
    this.drawAlignment = drawAlignments(random, servedAlignments(contract, granularity));
  }

  allocate(): Operation {
    return { act: 'allocate', size: this.drawSize(), alignment: this.drawAlignment() };
  }

  misuse(): Operation {
    const { random } = this;
    const dice = random.below(8);
    if (dice === 0) return { act: 'allocate', size: pick(random, HUGE), alignment: this.drawAlignment() };
    if (dice < 3) return { act: 'ask largest', alignment: this.drawAlignment() };
    return { act: 'bad call', pick: random.below(100_000) };
  }

  /** One draw for every operation that not every kind has, and for those that need not come often. */
  extras(): Draw[] {
    const { random, drawSize, drawAlignment } = this;
    const { capabilities } = this.contract;
    const draws: Draw[] = [
      () => ({ act: 'allocate many', requests: this.requests() }),
      () => (random.below(8) === 0 ? { act: 'restore' } : this.allocate()),
    ];
    for (const strategy of capabilities.strategies) {
      draws.push(() => ({ act: 'allocate by', strategy, size: drawSize(), alignment: drawAlignment() }));
    }
    if (capabilities.allocateAt) draws.push(() => this.place());
    if (capabilities.resize) draws.push(() => this.resize());
    if (capabilities.grow) draws.push(() => ({ act: 'grow', moreUnits: this.fewUnits() }));
    if (capabilities.shrinkTo) draws.push(() => this.shrink());
    if (capabilities.track) draws.push(() => this.region());
    if (capabilities.freeUpTo) {
      draws.push(() => ({ act: 'mark' }));
      draws.push(() => ({ act: 'free up to', pick: random.below(2) === 0 ? -1 : random.below(1000) }));
    }
    return draws;
  }

  private requests(): { size: number; alignment: number }[] {
    return Array.from({ length: this.random.below(6) }, () => ({
      size: this.drawSize(),
      alignment: this.drawAlignment(),
    }));
  }

  private place(): Operation {
    const { random, units } = this;
    if (random.below(4) === 0)
      return { act: 'allocate at', unit: random.below(units + 2), size: this.drawSize() };
    const skipUnits = random.below(2) === 0 ? 0 : random.below(units);
    return {
      act: 'allocate in hole',
      pick: random.below(1000),
      skipUnits,
      size: random.below(4) === 0 ? 0 : this.drawSize(),
    };
  }

  private resize(): Operation {
    const { random } = this;
    const pick = random.below(1000);
    if (random.below(3) === 0) return { act: 'fill', pick, moreUnits: random.below(3) - 1 };
    return { act: 'resize', pick, size: this.drawSize() };
  }

  private shrink(): Operation {
    const { random } = this;
    if (random.below(3) === 0) return { act: 'shrink to live', moreUnits: random.below(4) - 1 };
    return { act: 'shrink', lessUnits: this.fewUnits() };
  }

  private region(): Operation {
    const { random } = this;
    if (random.below(2) === 0) return { act: 'untrack', pick: random.below(1000) };
    const skipUnits = random.below(2) === 0 ? 0 : random.below(20);
    return { act: 'track', pick: random.below(1000), skipUnits, units: 1 + this.fewUnits() };
  }

  private fewUnits(): number {
    return this.random.below(Math.min(300, Math.ceil(this.units / 4) + 2));
  }
}

function pick<T>(random: XorShift32, from: readonly T[]): T {
  return from[random.below(from.length)] as T;
}

function drawUnits(random: XorShift32): number {
  const dice = random.uniform();
  if (dice < 0.2) return 1 + random.below(20);
  if (dice < 0.6) return 16 + random.below(200);
  if (dice < 0.9) return 200 + random.below(1500);
  return random.logUniform(2 ** 16, 2 ** 31 - 1);
}

function drawSizes(random: XorShift32, capacity: number): () => number {
  const most = Math.max(2, Math.floor(capacity / pick(random, [2, 10, 40, 120])));
  const constant = 1 + random.below(most);
  switch (random.below(4)) {
    case 0:
      return () => 1 + random.below(most);
    case 1:
      return () => random.logUniform(1, most);
    case 2:
      return () => 2 ** random.below(Math.ceil(Math.log2(most)) + 1) + random.below(3) - 1 || 1;
    default:
      return () => (random.below(4) === 0 ? 1 + random.below(most) : constant);
  }
}

function drawAlignments(random: XorShift32, served: readonly number[]): () => number {
  const usual = pick(random, served);
  return () => (random.below(3) === 0 ? pick(random, served) : usual);
}
