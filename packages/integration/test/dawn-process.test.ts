import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundle } from '../src/bundle.ts';

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
const LIMIT_MS = 60_000;

interface Ending {
  readonly code: number | null;
  readonly signal: string | null;
  readonly output: string;
  /** What native code had to say; some drivers warn. */
  readonly complaints: string;
}

/** Runs a script in a process of its own until it ends; one that hangs is killed and shows a signal. */
function run(script: string, way: string): Promise<Ending> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [script, way], { timeout: LIMIT_MS });
    let output = '';
    let complaints = '';
    child.stdout.on('data', (text) => {
      output += text;
    });
    child.stderr.on('data', (text) => {
      complaints += text;
    });
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal, output, complaints }));
  });
}

describe('a process that uses Dawn', () => {
  let folder = '';
  let script = '';

  beforeAll(async () => {
    // Beside the package that depends on Dawn, so that the process finds it.
    folder = await mkdtemp(path('../../dawn-node/node_modules/.process-'));
    script = join(folder, 'use-dawn.mjs');
    await writeFile(script, await bundle(path('../src/process/use-dawn.ts'), 'node'));
  });

  afterAll(() => rm(folder, { recursive: true, force: true }));

  it.each(['close', 'forget', 'midway', 'exit', 'worker'])('ends cleanly by itself: %s', async (way) => {
    expect(await run(script, way)).toMatchObject({ code: 0, signal: null, output: `ends by ${way}\n` });
  });
});
