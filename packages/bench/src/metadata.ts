/**
 * Metadata: bytes that a suballocator keeps for each live range, after W6's churn.
 */
import { BestFit, type Handle, type Suballocator, Tlsf } from '@gpuheap/core/ranges';
import { makeWorkload, replayWorkload } from '@gpuheap/testing/workloads';

/** Bytes of tables and bins. */
export interface MetadataUse {
  readonly name: string;
  readonly liveCount: number;
  readonly holeCount: number;
  readonly totalBytes: number;
  readonly bytesPerLive: number;
}

interface Measurable extends Suballocator {
  readonly metadataBytes: number;
}

/** Replays W6 with `live` ranges through both kinds. O(live + steps). */
export function measureMetadata(live: number, steps: number): MetadataUse[] {
  const workload = makeWorkload('W6', { live, steps });
  const options = { capacity: workload.span, granularity: workload.alignment };
  const kinds: readonly Measurable[] = [new Tlsf(options), new BestFit(options)];
  return kinds.map((kind) => {
    replayWorkload(workload, kind, 0, workload.operationCount, new Array<Handle>(workload.slotCount).fill(0));
    const { liveCount, holeCount } = kind.statistics();
    const totalBytes = kind.metadataBytes;
    return { name: kind.kind, liveCount, holeCount, totalBytes, bytesPerLive: totalBytes / liveCount };
  });
}
