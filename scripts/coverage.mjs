/**
 * Coverage: runs the tests of the core and of the backends and expects them to reach every statement, branch
 * and function of the core, and 95 % of the backends. Lists the lines that are not reached.
 *
 * Cost     a quarter of an hour.
 * Promise  exits with 0 only when all tests passed and enough was reached.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PACKAGES = ['core', 'mock', 'webgpu', 'dawn-node', 'integration'];

const root = fileURLToPath(new URL('..', import.meta.url));
const tests = PACKAGES.map((name) => `packages/${name}/test`);
const args = ['run', '--config', 'scripts/coverage.config.ts', '--root', root];
args.push('--project', 'unit', '--project', 'gpu', '--reporter=dot', ...tests);
const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
const child = spawn(process.execPath, [vitest, ...args], { cwd: root, stdio: 'inherit' });
child.on('close', (code) => {
  process.exitCode = code ?? 1;
});
