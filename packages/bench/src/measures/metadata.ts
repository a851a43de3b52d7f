/**
 * Metadata: bytes that a suballocator keeps for each live range, after W6's churn.
 */
import type { Handle, Suballocator } from '@gpuheap/core/ranges';
import { makeWorkload, replayWorkload } from '@gpuheap/testing/workloads';
import { KINDS, type Kind } from '../competitors/kinds.ts';

/** Bytes of tables and bins. */
export interface MetadataUse {
  readonly name: string;
  readonly liveCount: number;
  readonly holeCount: number;
  readonly totalBytes: number;
  readonly bytesPerLive: number;
}

/** A kind may say what it holds. */
interface Measurable extends Suballocator {
  readonly metadataBytes?: number;
}

/** The kinds that serve W6 and say what they hold. */
export function measurableKinds(): readonly Kind[] {
  return KINDS.filter(
    ({ rows, make }) =>
      rows.includes('W6') && (make({ capacity: 1 }) as Measurable).metadataBytes !== undefined,
  );
}

/** Replays W6 with `live` ranges. O(live + steps). */
export function measureMetadata(kind: Kind, live: number, steps: number): MetadataUse {
  const workload = makeWorkload('W6', { live, steps });
  const subject: Measurable = kind.make({ capacity: workload.span, granularity: workload.alignment });
  replayWorkload(
    workload,
    subject,
    0,
    workload.operationCount,
    new Array<Handle>(workload.slotCount).fill(0),
  );
  const { liveCount, holeCount } = subject.statistics();
  const totalBytes = subject.metadataBytes ?? 0;
  return { name: kind.name, liveCount, holeCount, totalBytes, bytesPerLive: totalBytes / liveCount };
}
