/** Place cases: `allocateAt` takes the bytes that it is told, when all of them are free. */
import { NO_SPACE } from '@gpuheap/core/ranges';
import type { Checks } from './checks.ts';
import type { Contract, ContractCase } from './contract-case.ts';
import { makeWitness } from './witness.ts';

const group = 'allocateAt';
const UNITS = 20;

/** Every place in a span with holes, and the ends of the span. */
export function placeCases(contract: Contract): ContractCase[] {
  return [
    {
      group,
      name: 'every offset and size in a span with holes',
      run: (check) => checkEveryPlace(contract, check),
    },
    { group, name: 'rebuilds a layout range by range', run: (check) => checkRebuild(contract, check) },
  ];
}

function checkEveryPlace(contract: Contract, check: Checks): void {
  for (const granularity of [1, 12]) {
    const witness = makeWitness(contract, { capacity: UNITS * granularity, granularity }, check);
    // [ free 3 ][ live 2 ][ free 4 ][ live 1 ][ free 10 ]
    witness.allocateAt(3 * granularity, 2 * granularity);
    witness.allocateAt(9 * granularity, 1);
    const { length } = witness.live;
    for (let unit = 0; unit <= UNITS + 1; unit++) {
      for (let size = 1; size <= UNITS + 1; size++) {
        witness.allocateAt(unit * granularity, size * granularity);
        if (witness.live.length > length) witness.freeAt(length);
      }
    }
    for (const offset of [UNITS, 2 ** 20, 2 ** 31 - 2, 2 ** 31 - 1, 2 ** 31, 2 ** 32]) {
      check.same(witness.allocateAt(offset * granularity, 1), NO_SPACE, `allocateAt(${offset} units)`);
    }
  }
}

function checkRebuild(contract: Contract, check: Checks): void {
  const witness = makeWitness(contract, { capacity: 1200, granularity: 12 }, check);
  for (const size of [30, 100, 12, 250, 1, 60]) witness.allocate(size);
  witness.freeAt(Math.min(2, witness.live.length - 1));
  const layout = witness.live.map(({ offset, size }) => ({ offset, size }));
  // Backwards, so that it is not the order of first fit.
  for (const order of [layout, layout.toReversed()]) {
    const rebuilt = makeWitness(contract, { capacity: 1200, granularity: 12 }, check);
    for (const { offset, size } of order) {
      check.that(rebuilt.allocateAt(offset, size) !== NO_SPACE, `allocateAt(${offset}, ${size}) fails.`);
    }
    check.same(rebuilt.subject.statistics().used, witness.subject.statistics().used, 'used when rebuilt');
  }
}
