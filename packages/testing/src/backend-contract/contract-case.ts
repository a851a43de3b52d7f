/**
 * Backend contract case: one named piece of the suite that every backend passes, runnable by any test
 * framework, or by none inside a browser.
 *
 * Promise  a case opens what it needs through the environment and closes it again, whatever happens.
 */
import type { GpuBackend } from '@gpuheap/core/backend';

/** A backend on a device of its own, opened for one case. */
export interface OpenedBackend<Buffer> {
  readonly backend: GpuBackend<Buffer>;
  /** Lets a virtual device do the work that is queued; does nothing where the device works by itself. */
  advance(): Promise<void>;
  /** A buffer made by the API itself. Present where the environment claims `adoption`. */
  makeOutside?(size: number, usage: number): Buffer;
  /** Another backend over the same device. Present where the environment claims `sibling`. */
  sibling?(): GpuBackend<Buffer>;
  /** Loses the device. Present where the environment claims `loss`. */
  lose?(): void;
  /** Disposes of the backends, if the case has not, and ends the device. */
  close(): Promise<void>;
}

/**
 * What a case can need of its environment: a device that can be lost, a second backend on one device, buffers
 * that are made beside the backend, memory that is shared between threads (`SharedArrayBuffer` exists and the
 * backend takes views of it).
 */
export type BackendContractCapability = 'loss' | 'sibling' | 'adoption' | 'shared-memory';

/** Where the suite runs: how to open the backend under test, and what else can be asked. */
export interface BackendContractEnvironment<Buffer> {
  readonly capabilities: readonly BackendContractCapability[];
  /**
   * A fresh device and a backend on it. Called more than once in a case; the answers are strangers to one
   * another.
   */
  open(): Promise<OpenedBackend<Buffer>>;
}

/** A named sentence of the port. */
export interface BackendContractCase {
  /** The sentence, after the part of the port that it belongs to: `copy: runs its regions in order`. */
  readonly name: string;
  /** What the environment must claim for the case to make sense, one thing or several. */
  readonly needs?: BackendContractCapability | readonly BackendContractCapability[];
  /** Rejects at the first check that fails: with a `BackendContractViolation`, or what the backend threw. */
  run<Buffer>(environment: BackendContractEnvironment<Buffer>): Promise<void>;
}
