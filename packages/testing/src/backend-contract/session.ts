/**
 * Session: one opened backend during one case, with the few things that every case does.
 *
 * Promise  waits for nothing without letting the device advance, so that the same case runs on a virtual
 *          device and on a real one.
 */
import {
  BufferUsage,
  type CreatedBuffer,
  type GpuBackend,
  MemoryProperty,
  type MemoryType,
  type Serial,
} from '@gpuheap/core/backend';
import { BackendContractViolation, expectBytes, expectThat } from './assertions.ts';
import type { BackendContractCase, BackendContractEnvironment, OpenedBackend } from './contract-case.ts';
import { nextTurn } from './event-loop.ts';

/** Copied from and to: what most cases use. */
export const BOTH_WAYS: number = BufferUsage.COPY_SRC | BufferUsage.COPY_DST;

/** Read by the CPU through a mapping. */
export const READBACK: number = BufferUsage.MAP_READ | BufferUsage.COPY_DST;

/** Filled by the CPU through a mapping. */
export const UPLOAD: number = BufferUsage.MAP_WRITE | BufferUsage.COPY_SRC;

/** Some ten seconds, at least: whatever takes longer is not going to happen. */
const MOST_TURNS = 10_000;

/** One opened backend. */
export class Session {
  readonly backend: GpuBackend<unknown>;
  readonly opened: OpenedBackend<unknown>;
  private readonly environment: BackendContractEnvironment<unknown>;

  constructor(environment: BackendContractEnvironment<unknown>, opened: OpenedBackend<unknown>) {
    this.environment = environment;
    this.opened = opened;
    this.backend = opened.backend;
  }

  /** Offsets and sizes of writes and copies are multiples of it. */
  get step(): number {
    return this.backend.limits.copyAlignment;
  }

  /** `bytes` rounded up to a size that a buffer can have. */
  up(bytes: number): number {
    return Math.ceil(bytes / this.step) * this.step;
  }

  /** A buffer where resources live by default; filled with `bytes` when they are given. */
  make(size: number, usage: number = BOTH_WAYS, bytes?: Uint8Array): unknown {
    const buffer = this.create(size, usage, this.defaultMemoryType);
    if (bytes !== undefined) this.backend.write(buffer, 0, bytes);
    return buffer;
  }

  /** A buffer that is read through a mapping; undefined where no memory type allows it. */
  makeReadback(size: number): unknown {
    const type = this.backend.memoryTypes.findIndex(isHostVisible);
    return type < 0 ? undefined : this.create(size, READBACK, type);
  }

  /** A buffer that is filled through a mapping, unmapped; undefined where no memory type allows it. */
  makeUpload(size: number): unknown {
    const type = this.backend.memoryTypes.findIndex(isHostVisible);
    return type < 0 ? undefined : this.create(size, UPLOAD, type);
  }

  /** A buffer that is born mapped, and its bytes; undefined where no memory type allows it. */
  makeMapped(size: number): Required<CreatedBuffer<unknown>> | undefined {
    const memoryType = this.backend.memoryTypes.findIndex(isHostVisible);
    if (memoryType < 0) return undefined;
    const created = this.backend.createBuffer({ size, usage: UPLOAD, memoryType, mapped: true });
    created.settled.catch(() => {});
    const { buffer, settled, bytes } = created;
    expectThat(bytes instanceof Uint8Array, 'a buffer that is born mapped comes with its bytes');
    return { buffer, settled, bytes };
  }

  /** A buffer that the backend does not know. */
  makeOutside(size: number, usage: number): unknown {
    const { makeOutside } = this.opened;
    expectThat(makeOutside !== undefined, 'the environment claims adoption and opens with makeOutside()');
    return makeOutside(size, usage);
  }

  /** The first DEVICE_LOCAL memory type, else the first. */
  get defaultMemoryType(): number {
    const { memoryTypes } = this.backend;
    return Math.max(
      0,
      memoryTypes.findIndex(({ properties }) => (properties & MemoryProperty.DEVICE_LOCAL) !== 0),
    );
  }

  /** Lets the device advance until `promise` settles, and answers what it does. */
  async after<T>(promise: Promise<T>): Promise<T> {
    let isSettled = false;
    const note = (): void => {
      isSettled = true;
    };
    promise.then(note, note);
    for (let turn = 0; turn < MOST_TURNS; turn++) {
      await this.opened.advance();
      await Promise.race([promise, nextTurn()]);
      if (isSettled) return promise;
    }
    throw new BackendContractViolation(`a promise is still open after ${MOST_TURNS} turns of the event loop`);
  }

  /** Bytes of a buffer after everything submitted so far. */
  read(buffer: unknown, offset: number, size: number): Promise<Uint8Array> {
    return this.after(this.backend.read(buffer, offset, size));
  }

  /** Signals, and resolves when everything submitted so far is done. */
  async finish(): Promise<Serial> {
    const serial = this.backend.signal();
    await this.after(this.backend.whenCompleted(serial));
    return serial;
  }

  /** Throws unless the buffer holds `expected` from `offset` on. */
  async expectContent(buffer: unknown, expected: Uint8Array, what: string, offset = 0): Promise<void> {
    expectBytes(await this.read(buffer, offset, expected.length), expected, what);
  }

  /** Runs `body` with a backend on another device. */
  async withStranger(body: (stranger: Session) => Promise<void>): Promise<void> {
    await withSession(this.environment, body);
  }

  /** Another backend on the same device. */
  sibling(): Session {
    const { opened } = this;
    expectThat(opened.sibling !== undefined, 'the environment claims siblings and opens with sibling()');
    return new Session(this.environment, { ...opened, backend: opened.sibling() });
  }

  private create(size: number, usage: number, memoryType: number): unknown {
    const { buffer, settled } = this.backend.createBuffer({ size, usage, memoryType });
    // A case that cares for it asks `createBuffer` itself.
    settled.catch(() => {});
    return buffer;
  }
}

/** Runs `body` on a freshly opened backend and closes it. */
export async function withSession(
  environment: BackendContractEnvironment<unknown>,
  body: (session: Session) => Promise<void>,
): Promise<void> {
  const opened = await environment.open();
  try {
    await body(new Session(environment, opened));
  } finally {
    await opened.close();
  }
}

/** A case with one backend. */
export function backendCase(
  name: string,
  body: (session: Session) => Promise<void>,
  needs?: BackendContractCase['needs'],
): BackendContractCase {
  const run: BackendContractCase['run'] = (environment) =>
    withSession(environment as BackendContractEnvironment<unknown>, body);
  return needs === undefined ? { name, run } : { name, needs, run };
}

/** `size` bytes that differ from those of every other seed, and from zero in most places. */
export function patternOf(seed: number, size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  let state = Math.imul(seed + 1, 0x9e3779b1);
  for (let at = 0; at < size; at++) {
    state = Math.imul(state, 69_069) + 12_345;
    bytes[at] = Math.abs(state % 251);
  }
  return bytes;
}

/** Whether the CPU can read or fill memory of this type. */
export function isHostVisible(type: MemoryType): boolean {
  return (type.properties & MemoryProperty.HOST_VISIBLE) !== 0;
}
