/**
 * The bug zoo: plants one known bug after the other and expects the test of its class to fail, and all of
 * them to pass without. Numbers of classes as arguments (`node scripts/zoo.mjs 17 18`): only those.
 *
 * Cost     two plants at a time, about three seconds each.
 * Promise  prints a row a plant; exits with 0 only when every class has a plant, and every plant fits the
 *          code and was caught: a test failed, or never ended.
 * Refusal  a plant that the code no longer fits, or that does not even compile, is not caught.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const zoo = 'packages/core/test/bug-zoo';
const scratch = mkdtempSync(join(tmpdir(), 'gpuheap-zoo-'));

/** Classes of bugs that suballocators can have, those of release and movement, and of refusals. */
const UP_TO_37 = Array.from({ length: 37 }, (_, i) => i + 1);
const LATER = [43, 44, 45, 46];
const CLASSES = [...UP_TO_37, ...LATER].map((number) => String(number).padStart(2, '0'));

/** A bug may make a test run for ever. Longer where even all tests together take longer. */
const LEAST_PATIENCE_MS = 30_000;

const asked = process.argv.slice(2).map((number) => number.padStart(2, '0'));
const classes = asked.length === 0 ? CLASSES : asked;
const plants = JSON.parse(readFileSync(join(root, zoo, 'plants.json'), 'utf8'))
  .map((plant, index) => ({ ...plant, index }))
  .filter(({ zoo }) => classes.includes(zoo));

process.exitCode = (await visit()) ? 0 : 1;
rmSync(scratch, { recursive: true, force: true });

/** Whether all is as it should be. */
async function visit() {
  const start = performance.now();
  const healthy = await run(
    undefined,
    classes.map((each) => `${zoo}/${each}-`),
    20 * LEAST_PATIENCE_MS,
  );
  const patience = Math.max(LEAST_PATIENCE_MS, performance.now() - start);
  console.log(`without a bug: ${healthy.passed} tests passed, ${healthy.failed} failed\n`);
  if (healthy.failed > 0 || healthy.passed === 0 || healthy.isEndless) {
    console.log(healthy.output);
    return false;
  }
  console.log('zoo  result      what');
  const rows = [];
  const queue = plants.map((plant, at) => ({ plant, at }));
  await Promise.all([runQueue(queue, rows, patience), runQueue(queue, rows, patience)]);
  const bare = classes.filter((each) => !plants.some((plant) => plant.zoo === each));
  for (const each of bare) printRow(each, 'NO PLANT', 'nothing shows that its test would notice');
  const missed = rows.filter(({ isCaught }) => !isCaught);
  for (const { plant, output } of missed) console.log(`\n${plant.zoo} ${plant.what}\n${output}`);
  const caughtCount = rows.length - missed.length;
  console.log(
    `\n${caughtCount} of ${plants.length} planted bugs caught; ${classes.length - bare.length} of ${classes.length} classes have one`,
  );
  return missed.length === 0 && bare.length === 0;
}

/** Fills `rows`; prints each as soon as those before it are there. */
async function runQueue(queue, rows, patience) {
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const { plant, at } = next;
    const result = misfitOf(plant) ?? (await run(plant.index, [`${zoo}/${plant.zoo}-`], patience));
    const isCaught = result.failed > 0 || result.isEndless;
    const verdict = isCaught ? (result.isEndless ? 'never ended' : 'caught') : 'MISSED';
    rows[at] = { plant, isCaught, verdict, output: result.output, isPrinted: false };
    for (const row of rows) {
      if (row === undefined) break;
      if (!row.isPrinted) printRow(row.plant.zoo, row.verdict, row.plant.what);
      row.isPrinted = true;
    }
  }
}

function printRow(number, verdict, what) {
  console.log(`${number}   ${verdict.padEnd(12)}${what}`);
}

/** A failed result when the code has moved on from under a plant. */
function misfitOf({ file, find }) {
  const code = readFileSync(join(root, 'packages', 'core', 'src', file), 'utf8');
  const count = code.split(find).length - 1;
  const output = `${file} has its text ${count} times, not once: mend the plant`;
  return count === 1 ? undefined : { failed: 0, passed: 0, isEndless: false, output };
}

/** Runs the tests whose path begins with one of `filters`, with a plant or none. */
async function run(plant, filters, patience) {
  const report = join(scratch, `${plant ?? 'healthy'}.json`);
  const env = {
    ...process.env,
    NO_COLOR: '1',
    ...(plant === undefined ? {} : { GPUHEAP_PLANT: String(plant) }),
  };
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const args = [vitest, 'run', '--project', 'unit', ...filters, '--reporter=default', '--reporter=json'];
  const bail = plant === undefined ? [] : ['--bail=1'];
  const child = spawn(process.execPath, [...args, ...bail, `--outputFile.json=${report}`], {
    cwd: root,
    env,
    detached: true,
  });
  const output = [];
  child.stdout.on('data', (data) => output.push(data));
  child.stderr.on('data', (data) => output.push(data));
  let isEndless = false;
  const timer = setTimeout(() => {
    isEndless = true;
    killTree(child);
  }, patience);
  const end = await new Promise((resolve) => child.on('close', (code, signal) => resolve(signal ?? code)));
  clearTimeout(timer);
  const text = `${Buffer.concat(output).toString()}\nended with ${end}`;
  try {
    const { numFailedTests, numPassedTests } = JSON.parse(readFileSync(report, 'utf8'));
    return { failed: numFailedTests, passed: numPassedTests, isEndless, output: text };
  } catch {
    return { failed: 0, passed: 0, isEndless, output: text };
  }
}

/** Ends a process and those that it started, where the system has process groups. */
function killTree(child) {
  if (process.platform === 'win32') child.kill('SIGKILL');
  else process.kill(-child.pid, 'SIGKILL');
}
