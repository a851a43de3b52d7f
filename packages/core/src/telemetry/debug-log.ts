/**
 * Debug log: what a heap does, told to a logger that the caller passes in; each kind of event has a switch.
 *
 * Cost     nothing for what is switched off, or without a logger: ask `allocations`, `frees` or
 *          `leaksOnDispose` before making a report.
 * Promise  core itself prints nothing, ever. A logger can not change what the heap does: it is told when that
 *          has been done, what it throws is dropped, and what it does to the heap meanwhile is not logged.
 */
import type { MemoryType } from '../backend/port.ts';
import { checkOptions, show } from '../base/check.ts';
import { UsageError } from '../base/errors.ts';
import { formatBytes } from './format-bytes.ts';
import { countOf, formatPlace } from './format-report.ts';
import { type LeakReason, type LeakReport, takeStack } from './leaks.ts';
import type { AllocationReport } from './report.ts';

/** What is kept and told. Each is a switch of its own. */
export interface DebugSettings {
  /** Log the memory types of the backend when the heap is made. Default false. */
  readonly memoryInformation?: boolean;
  /** Log what is still live when the heap is disposed of. Default true. */
  readonly leaksOnDispose?: boolean;
  /** Keep for each allocation where it was made: microseconds and a kilobyte or so each. Default false. */
  readonly storeStacks?: boolean;
  /** Log every allocation. Default false. */
  readonly allocations?: boolean;
  /** Log every free. Default false. */
  readonly frees?: boolean;
  /** Add to lines of allocations and frees where they were called. Keeps nothing. Default false. */
  readonly stacks?: boolean;
}

/** A memory type that the backend offers. */
export interface MemoryLine {
  readonly level: 'info';
  readonly event: 'memory-information';
  readonly message: string;
  /** Its index. */
  readonly memoryType: number;
  /** Bits of MemoryProperty. */
  readonly properties: number;
  readonly heapIndex: number;
  /** Infinity when the API does not tell. */
  readonly heapSizeBytes: number;
}

/** An allocation that begins, ends, or was never freed; `stack` is where it begins or ends. */
export interface AllocationLine extends AllocationReport {
  readonly level: 'debug' | 'warn';
  readonly event: 'allocation' | 'free' | 'leak';
  readonly message: string;
  /** Of a leak. */
  readonly reason?: LeakReason;
}

/** One event; `message` says it in words, the rest in figures. */
export type LogLine = MemoryLine | AllocationLine;

/** Takes lines. */
export type Logger = (line: LogLine) => void;

const DEFAULTS: Required<DebugSettings> = {
  memoryInformation: false,
  leaksOnDispose: true,
  storeStacks: false,
  allocations: false,
  frees: false,
  stacks: false,
};

/** Fills in the defaults. @throws UsageError `bad-argument`, `unknown-option` */
export function checkDebugSettings(settings: DebugSettings): Required<DebugSettings> {
  const known = Object.keys(DEFAULTS) as (keyof DebugSettings)[];
  checkOptions(settings, 'debug', known);
  const checked: { -readonly [Name in keyof DebugSettings]-?: boolean } = { ...DEFAULTS };
  for (const name of known) {
    const value: unknown = settings[name];
    if (value === undefined) continue;
    if (typeof value !== 'boolean') {
      throw new UsageError('bad-argument', `debug.${name} is ${show(value)}; pass true or false`);
    }
    checked[name] = value;
  }
  return checked;
}

/** Tells a logger what was asked for. See the head of the file. */
export class DebugLog {
  /** Whether `logMemory` says anything; the next three for the functions of their names. */
  readonly memoryInformation: boolean;
  readonly allocations: boolean;
  readonly frees: boolean;
  readonly leaksOnDispose: boolean;
  /** Whether allocations shall keep their stacks. Goes without a logger: reports show them. */
  readonly storeStacks: boolean;
  private readonly stacks: boolean;
  private readonly logger: Logger | undefined;
  private isTelling = false;

  /** @throws UsageError `bad-argument`, `unknown-option` */
  constructor(settings: DebugSettings = {}, logger?: Logger) {
    const checked = checkDebugSettings(settings);
    if (logger !== undefined && typeof logger !== 'function') {
      throw new UsageError('bad-argument', `logger is ${show(logger)}; pass a function`);
    }
    const hears = logger !== undefined;
    this.logger = logger;
    this.memoryInformation = hears && checked.memoryInformation;
    this.allocations = hears && checked.allocations;
    this.frees = hears && checked.frees;
    this.leaksOnDispose = hears && checked.leaksOnDispose;
    this.stacks = checked.stacks;
    this.storeStacks = checked.storeStacks;
  }

  /** A line for each memory type. */
  logMemory(types: readonly MemoryType[]): void {
    if (!this.memoryInformation) return;
    for (const [index, { properties, heapIndex, heapSizeBytes }] of types.entries()) {
      const size = heapSizeBytes === Number.POSITIVE_INFINITY ? 'unknown size' : formatBytes(heapSizeBytes);
      this.tell({
        level: 'info',
        event: 'memory-information',
        message: `memory type ${index}: properties ${properties}, heap ${heapIndex} of ${size}`,
        memoryType: index,
        properties,
        heapIndex,
        heapSizeBytes,
      });
    }
  }

  /** An allocation was made. */
  logAllocation(allocation: AllocationReport): void {
    if (!this.allocations) return;
    const message = `allocated ${formatBytes(allocation.sizeBytes)}: ${formatPlace(allocation)}`;
    this.tell({ ...this.withOwnStack(allocation), level: 'debug', event: 'allocation', message });
  }

  /** An allocation was freed. */
  logFree(allocation: AllocationReport): void {
    if (!this.frees) return;
    const message = `freed ${formatBytes(allocation.sizeBytes)}: ${formatPlace(allocation)}`;
    this.tell({ ...this.withOwnStack(allocation), level: 'debug', event: 'free', message });
  }

  /** An allocation was never freed. Those found by collection are told whatever `leaksOnDispose` says. */
  logLeak(leak: LeakReport): void {
    if (leak.reason === 'disposed' && !this.leaksOnDispose) return;
    const when =
      leak.reason === 'disposed' ? 'still live at dispose()' : 'dropped without free() and collected';
    const message =
      `leaked ${formatBytes(leak.sizeBytes)}: ${formatPlace(leak)}, ` +
      `${countOf(leak.ageFrames, 'frame')} old, ${when}`;
    this.tell({ ...leak, level: 'warn', event: 'leak', message });
  }

  /** With the stack of this call when asked for; the stored one is for leaks and reports. */
  private withOwnStack(allocation: AllocationReport): AllocationReport {
    const { stack: _, ...rest } = allocation;
    const stack = this.stacks ? takeStack() : undefined;
    return stack === undefined ? rest : { ...rest, stack };
  }

  private tell(line: LogLine): void {
    if (this.logger === undefined || this.isTelling) return;
    this.isTelling = true;
    try {
      this.logger(line);
    } catch {
      // The heap has done its work already: the caller must not think that it failed.
    } finally {
      this.isTelling = false;
    }
  }
}
