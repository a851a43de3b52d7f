/**
 * Ours: the suballocators as competitors, with everything on that users have.
 *
 * Promise  granularity is the workload's alignment; every pass gets a new suballocator, and the one before
 *          stays alive until then (an engine throws code away when the last instance of a class dies).
 */
import { BestFit, type Suballocator, type SuballocatorOptions, Tlsf } from '@gpuheap/core/ranges';
import type { Competitor, Session, SessionRequest, Subject } from './competitor.ts';

type SuballocatorClass = new (options: SuballocatorOptions) => Suballocator;

/** The default kind. */
export const TLSF: Competitor = makeOurs('tlsf', Tlsf);
/** The tightest kind. */
export const BEST_FIT: Competitor = makeOurs('best-fit', BestFit);

function makeOurs(name: string, Kind: SuballocatorClass): Competitor {
  return {
    name,
    mostBytes: Number.MAX_SAFE_INTEGER,
    ownAlignment: 0,
    affordableOperations: () => Number.POSITIVE_INFINITY,
    open: (request) => openOurs(Kind, request),
  };
}

function openOurs(Kind: SuballocatorClass, { spanBytes, alignment }: SessionRequest): Session {
  let kept: Subject | undefined;
  return {
    start() {
      kept = new Kind({ capacity: spanBytes, granularity: alignment });
      return kept;
    },
    drain() {},
  };
}
