/**
 * Load copy: a loop's module once more. The engine keeps what it learnt about a loop's types with the loop,
 * so each allocator gets a loop of its own.
 *
 * Cost     a module of some hundred bytes for each copy, kept to the end of the process.
 */

/** The modules of loops. */
export type LoopName = 'timed-pass' | 'latency-pass' | 'object-pass';

let copyCount = 0;

/** A fresh copy of a loop's module; `Module` is the shape that the module says it has. */
export async function loadCopy<Module>(name: LoopName): Promise<Module> {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const url = new URL(`./${name}.${extension}?copy=${++copyCount}`, import.meta.url);
  return (await import(/* @vite-ignore */ url.href)) as Module;
}
