/**
 * Baseline AssemblyScript: its own TLSF (`~lib/rt/tlsf`), compiled to WebAssembly here and now.
 *
 * Cost     about two seconds of compiling, once a process.
 * Promise  the memory is as large as the room from the start and can not grow: then it traps, which counts as
 *          a refusal.
 */
import { main as compile } from 'assemblyscript/asc';
import type { Competitor, Session, SessionRequest, Subject } from './competitor.ts';

const SOURCE = `
export function allocate(size: usize, alignment: usize): usize { return heap.alloc(size); }
export function free(pointer: usize): void { heap.free(pointer); }
export function offsetOf(pointer: usize): usize { return pointer; }
`;
const PAGE_BYTES = 65_536;
// Below lie the compiler's own data and the allocator's root.
const OVERHEAD_PAGES = 2;

// The part of the WebAssembly API that is needed; this package compiles without the types of a browser.
interface WebAssemblyApi {
  compile(bytes: Uint8Array): Promise<object>;
  readonly Memory: new (limits: { initial: number; maximum: number }) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown };
}
const {
  compile: compileModule,
  Memory,
  Instance,
} = (globalThis as unknown as { readonly WebAssembly: WebAssemblyApi }).WebAssembly;

/** A compiled module; can be sent to other threads. */
export type AssemblyScriptModule = object;

/** Compiles the baseline. Throws an Error with the compiler's words when that fails. */
export async function compileAssemblyScript(): Promise<AssemblyScriptModule> {
  return compileModule(await compileSource());
}

/** The baseline, of its compiled module. */
export function makeAssemblyScript(module: AssemblyScriptModule): Competitor {
  return {
    name: 'AssemblyScript',
    mostBytes: 2 ** 31,
    ownAlignment: 16,
    affordableOperations: () => Number.POSITIVE_INFINITY,
    open: (request) => openSession(module, request),
  };
}

async function compileSource(): Promise<Uint8Array> {
  let binary: Uint8Array | undefined;
  const { error, stderr } = await compile(
    ['main.ts', '--outFile', 'main.wasm', '--runtime', 'minimal', '-O3', '--noAssert', '--importMemory'],
    {
      readFile: (name) => (name === 'main.ts' ? SOURCE : null),
      writeFile: (name, contents) => {
        if (name === 'main.wasm') binary = contents as Uint8Array;
      },
      listFiles: () => [],
    },
  );
  if (error !== null || binary === undefined) {
    throw new Error(`AssemblyScript could not be compiled: ${stderr.toString()}`, { cause: error });
  }
  return binary;
}

function openSession(module: AssemblyScriptModule, { roomBytes }: SessionRequest): Session {
  const pages = Math.ceil(roomBytes / PAGE_BYTES) + OVERHEAD_PAGES;
  const memory = new Memory({ initial: pages, maximum: pages });
  const abort = (): void => {
    throw new Error('AssemblyScript aborted');
  };
  const instance = new Instance(module, { env: { memory, abort } });
  const subject = instance.exports as Subject;
  return {
    start: () => subject,
    drain(live) {
      for (const handle of live) subject.free(handle);
    },
  };
}
