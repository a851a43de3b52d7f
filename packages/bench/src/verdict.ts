/**
 * Verdict: a figure held against its target.
 */

/** The targets of TARGETS that the benchmarks decide, and three sections that report without a target. */
export type SectionName =
  | 'P1'
  | 'P2'
  | 'P3'
  | 'P4'
  | 'P5'
  | 'P6'
  | 'P7'
  | 'P8'
  | 'P9'
  | 'P10'
  | 'latency'
  | 'growth'
  | 'ageing';

/** What a figure can be held against: H1 to H6 by the heap's figures, D1 to D4 by those of plans. */
export type TargetName =
  | SectionName
  | 'H1'
  | 'H2'
  | 'H3'
  | 'H4'
  | 'H5'
  | 'H6'
  | 'D1'
  | 'D2'
  | 'D3'
  | 'D4'
  | 'R16';

/** A figure beside its target. */
export interface Verdict {
  readonly target: TargetName;
  readonly what: string;
  readonly figure: number;
  readonly bound: 'at least' | 'at most';
  readonly limit: number;
  readonly unit: string;
  readonly met: boolean;
}

/** Whether the figure is within its limit. */
export function judge(
  target: TargetName,
  what: string,
  figure: number,
  bound: Verdict['bound'],
  limit: number,
  unit: string,
): Verdict {
  const met = bound === 'at least' ? figure >= limit : figure <= limit;
  return { target, what, figure, bound, limit, unit, met };
}
