/** Report data: what the page shows, ready to be laid out. */
import type { HeapSnapshot } from '@gpuheap/core';

/** A page about a few traces. */
export interface ReportData {
  readonly title: string;
  /** One sentence on how and where it was made. */
  readonly subtitle: string;
  readonly traces: readonly ReportTrace[];
}

/** What is shown of one trace. */
export interface ReportTrace {
  readonly name: string;
  /** What was recorded, in a sentence or two. */
  readonly description: string;
  readonly table: ReportTable;
  readonly verdicts: readonly ReportVerdict[];
  /** One per mode, with the mode's name. */
  readonly curves: readonly ReportCurve[];
  /** The memory map at the peak. */
  readonly snapshot?: HeapSnapshot;
}

/** Text in rows; the first column is a name, the others are figures. */
export interface ReportTable {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Whether a target was reached. */
export interface ReportVerdict {
  readonly name: string;
  readonly text: string;
  readonly passed: boolean;
}

/** Bytes over time. */
export interface ReportCurve {
  readonly mode: string;
  readonly samples: readonly ReportSample[];
}

/** Bytes at one moment. */
export interface ReportSample {
  /** Frames since the start; may be a fraction. */
  readonly frame: number;
  readonly liveBytes: number;
  readonly reservedBytes: number;
  readonly pendingBytes: number;
}
