/**
 * By name: competitors as threads ask for them.
 */
import { type AssemblyScriptModule, makeAssemblyScript } from './assembly-script.ts';
import type { Competitor } from './competitor.ts';
import { HARNESS } from './harness.ts';
import { findKind } from './kinds.ts';
import { NPM_MALLOC } from './npm-malloc.ts';
import { THI_NG } from './thi-ng.ts';

/** What can be sent to a thread of a competitor. */
export interface CompetitorName {
  readonly name: string;
  /** Of AssemblyScript alone, which is compiled once. */
  readonly module?: AssemblyScriptModule;
}

/** The competitor of a name. Throws an Error when there is none. */
export function findCompetitor({ name, module }: CompetitorName): Competitor {
  if (module !== undefined) return makeAssemblyScript(module);
  return [HARNESS, NPM_MALLOC, THI_NG].find((competitor) => competitor.name === name) ?? findKind(name);
}
