/**
 * Kinds: our suballocators as competitors, with everything on that users have. A new kind is a line here.
 *
 * Promise  granularity is the workload's alignment; every pass gets a new suballocator, and the one before
 *          stays alive until then (an engine throws code away when the last instance of a class dies).
 */
import {
  BestFit,
  Binned,
  Buddy,
  Fixed,
  Linear,
  Ring,
  type Suballocator,
  type SuballocatorOptions,
  Tlsf,
} from '@gpuheap/core/ranges';
import type { HomeWorkloadName, WorkloadName } from '@gpuheap/testing/workloads';
import type { RowName } from '../programs/rows.ts';
import type { Competitor, Session, SessionRequest, Subject } from './competitor.ts';

type SuballocatorClass = new (options: SuballocatorOptions) => Suballocator;

/** One of our kinds. */
export interface Kind extends Competitor {
  /** What it is made for: its steadiness is checked there. */
  readonly home: WorkloadName | HomeWorkloadName;
  /** Rows whose requests it serves. */
  readonly rows: readonly RowName[];
  make(options: SuballocatorOptions): Suballocator;
}

const ALL: readonly RowName[] = ['W1', 'W2', 'W3', 'W4', 'W5', 'W6', 'equal', 'powers', 'stack', 'real'];

/** Every kind of core, the default first. */
export const KINDS: readonly Kind[] = [
  makeKind('tlsf', Tlsf, 'W1', ALL),
  makeKind('best-fit', BestFit, 'W1', ALL),
  makeKind('binned', Binned, 'W2', ['W1', 'W2', 'W6', 'equal', 'real']),
  makeKind('buddy', Buddy, 'powers', ['W4', 'equal', 'powers']),
  makeKind('linear', Linear, 'stack', ['stack']),
  makeKind('ring', Ring, 'W3', ['W3']),
  makeKind('fixed', Fixed, 'equal', ['equal']),
];

/** The default kind, which the targets are about. */
export const TLSF: Kind = findKind('tlsf');

/** The kind called `name`. Throws an Error that lists the names when there is none. */
export function findKind(name: string): Kind {
  const kind = KINDS.find((candidate) => candidate.name === name);
  if (kind !== undefined) return kind;
  throw new Error(
    `usage: no kind is called ${name}; pass one of ${KINDS.map((known) => known.name).join(', ')}`,
  );
}

function makeKind(
  name: string,
  Class: SuballocatorClass,
  home: WorkloadName | HomeWorkloadName,
  rows: readonly RowName[],
): Kind {
  return {
    name,
    home,
    rows,
    mostBytes: Number.MAX_SAFE_INTEGER,
    ownAlignment: 0,
    affordableOperations: () => Number.POSITIVE_INFINITY,
    make: (options) => new Class(options),
    open: (request) => openKind(Class, request),
  };
}

function openKind(Class: SuballocatorClass, { spanBytes, alignment }: SessionRequest): Session {
  let kept: Subject | undefined;
  return {
    start() {
      kept = new Class({ capacity: spanBytes, granularity: alignment });
      return kept;
    },
    drain() {},
  };
}
