/**
 * Runs every check of the project and closes with `N passed, N failed`. `--deep` runs the tests alone, with
 * the deep tier's counts, and the bug zoo.
 *
 * Cost     two steps at a time; the longest first, so that the short ones fill the other core.
 * Promise  exits with 0 only when every step passed and no test was skipped. A step's output is shown only
 *          when it fails.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'gpuheap-test-'));
const deep = process.argv.includes('--deep');
const started = Date.now();

/** Each step is a command; one with a `report` is vitest, and its tests are counted one by one. */
const tests = [vitest('unit'), vitest('gpu')];
const checks = [
  { name: 'types', command: ['tsc', '-p', 'tsconfig.json'] },
  { name: 'lint', command: ['biome', 'check', '--error-on-warnings', '.'] },
  vitest('tidy'),
  { name: 'unused', command: ['knip', '--no-progress'] },
  { name: 'packages', command: ['node', join('scripts', 'check-packages.mjs')] },
];

const zoo = { name: 'zoo', command: ['node', join('scripts', 'zoo.mjs')] };
const queue = deep ? [...tests, zoo] : [...tests, ...checks];
const results = [];
await Promise.all([runQueue(), runQueue()]);
rmSync(scratch, { recursive: true, force: true });

let passed = 0;
let failed = 0;
for (const result of results) {
  passed += result.passed;
  failed += result.failed;
}
console.log(`${deep ? 'deep tier' : 'all checks'} in ${seconds(started)}`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

/** A step that runs one project of `vitest.config.ts`. */
function vitest(project) {
  const report = join(scratch, `${project}.json`);
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  return { name: project, command: ['vitest', 'run', '--project', project, ...reporters], report };
}

/** Takes steps from the queue until it is empty. */
async function runQueue() {
  for (let step = queue.shift(); step !== undefined; step = queue.shift()) {
    const from = Date.now();
    const { code, output } = await run(step.command);
    const result = count(step, code);
    results.push(result);
    const tally = step.report === undefined ? '' : `${result.passed} passed, ${result.failed} failed`;
    const word = result.failed === 0 ? 'ok    ' : 'FAILED';
    if (result.failed > 0) process.stdout.write(output);
    console.log(`${word} ${step.name.padEnd(10)} ${seconds(from).padStart(8)}  ${tally}`);
  }
}

/** How many passed and failed in a step. A run that fails without a failing test counts as one failure. */
function count(step, code) {
  if (step.report === undefined) return { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1 };
  if (!existsSync(step.report)) return { passed: 0, failed: 1 };
  const report = JSON.parse(readFileSync(step.report, 'utf8'));
  const failures = report.numFailedTests + report.numPendingTests + report.numTodoTests;
  return { passed: report.numPassedTests, failed: failures === 0 && code !== 0 ? 1 : failures };
}

/** Runs a command of the workspace from its root; answers its exit code and everything that it printed. */
async function run([name, ...args]) {
  const env = { ...process.env, NO_COLOR: '1' };
  delete env.FORCE_COLOR;
  if (deep) env.GPUHEAP_DEEP = '1';
  env.PATH = `${join(root, 'node_modules', '.bin')}${process.platform === 'win32' ? ';' : ':'}${env.PATH}`;
  const options = { cwd: root, env, shell: process.platform === 'win32', stdio: ['ignore', 'pipe', 'pipe'] };
  const child = spawn(name, args, options);
  const output = [];
  child.stdout.on('data', (data) => output.push(data));
  child.stderr.on('data', (data) => output.push(data));
  const code = await new Promise((resolve) => {
    child.on('error', (error) => {
      output.push(Buffer.from(`${error.message}\n`));
      resolve(1);
    });
    child.on('close', resolve);
  });
  return { code, output: Buffer.concat(output) };
}

/** Seconds since `from`, for people. */
function seconds(from) {
  return `${((Date.now() - from) / 1000).toFixed(1)} s`;
}
