/** Capture: runs the command line and keeps what it writes. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';
import { runCli } from '../src/index.ts';

const FIXTURES = fileURLToPath(new URL('../../trace/test/fixtures/', import.meta.url));

const folders: string[] = [];

afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

/** What came of a run. */
export interface Captured {
  readonly code: number;
  readonly out: string;
  readonly error: string;
  readonly folder: string;
}

/** The path of a fixture trace. */
export function fixture(name: string): string {
  return `${FIXTURES}${name}.ndjson.gz`;
}

/** A fresh folder for outputs and inputs, gone when the tests of the file are over. */
export function freshFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'gpuheap-cli-'));
  folders.push(folder);
  return folder;
}

/** Runs `gpuheap` with these arguments; `replay` writes its report into a fresh folder by default. */
export async function capture(...args: string[]): Promise<Captured> {
  const folder = freshFolder();
  const report =
    args[0] === 'replay' && !args.includes('--report') ? ['--report', join(folder, 'report.html')] : [];
  let out = '';
  let error = '';
  const code = await runCli([...args, ...report], {
    out: { write: (text) => (out += text) },
    error: { write: (text) => (error += text) },
  });
  return { code, out, error, folder };
}
