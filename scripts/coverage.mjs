/**
 * Coverage: runs the tests of the suballocators and expects them to reach every statement, branch and
 * function of `base`, `tables`, `ranges` and `debug`. Lists the lines that are not reached.
 *
 * Cost     four minutes.
 * Promise  exits with 0 only when all tests passed and nothing was left out.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const FLOORS = ['base', 'tables', 'ranges', 'debug'];

const root = fileURLToPath(new URL('..', import.meta.url));
const tests = [...FLOORS, 'bug-zoo'].map((name) => `packages/core/test/${name}`);
const args = ['run', '--project', 'unit', ...tests, '--reporter=dot', '--coverage.enabled'];
args.push('--coverage.provider=v8', '--coverage.reporter=text', '--coverage.reportOnFailure');
for (const floor of FLOORS) args.push(`--coverage.include=packages/core/src/${floor}/**`);
for (const what of ['statements', 'branches', 'functions', 'lines']) {
  args.push(`--coverage.thresholds.${what}=100`);
}
const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
const child = spawn(process.execPath, [vitest, ...args], { cwd: root, stdio: 'inherit' });
child.on('close', (code) => {
  process.exitCode = code ?? 1;
});
