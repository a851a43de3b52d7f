/**
 * The bug zoo: plants one known bug after the other and expects the test of its class to fail, and all of
 * them to pass without.
 *
 * Cost     two plants at a time, about three seconds each.
 * Promise  exits with 0 only when every plant fits the code and was caught: a test failed, or never ended.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const zoo = join('packages', 'core', 'test', 'bug-zoo');
const plants = JSON.parse(readFileSync(join(root, zoo, 'plants.json'), 'utf8'));
const scratch = mkdtempSync(join(tmpdir(), 'gpuheap-zoo-'));

/** A bug may make a test run for ever. */
const PATIENCE_MS = 60_000;

const healthy = await run(undefined, zoo);
let missed = healthy.failed === 0 && healthy.passed > 0 ? 0 : 1;
console.log(`without a bug: ${healthy.passed} passed, ${healthy.failed} failed`);
if (missed > 0) console.log(healthy.output);

const queue = plants.map((plant, index) => ({ plant, index }));
await Promise.all([runQueue(), runQueue()]);
rmSync(scratch, { recursive: true, force: true });
console.log(`${plants.length - missed} of ${plants.length} planted bugs caught`);
process.exitCode = missed === 0 ? 0 : 1;

async function runQueue() {
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const { plant, index } = next;
    const result = await run(index, `${zoo}/${plant.zoo}-`);
    const caught = result.failed > 0 || result.isEndless;
    if (!caught) missed++;
    const how = result.isEndless ? ' (never ended)' : '';
    console.log(`${caught ? 'caught    ' : 'NOT CAUGHT'} ${plant.zoo}  ${plant.what}${how}`);
    if (!caught) console.log(result.output);
  }
}

/** Runs the tests whose path begins with `filter`, with a plant or none. */
async function run(plant, filter) {
  const report = join(scratch, `${plant ?? 'healthy'}.json`);
  const env = {
    ...process.env,
    NO_COLOR: '1',
    ...(plant === undefined ? {} : { GPUHEAP_PLANT: String(plant) }),
  };
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const args = [vitest, 'run', '--project', 'unit', filter, '--reporter=default', '--reporter=json'];
  const child = spawn(process.execPath, [...args, `--outputFile.json=${report}`], {
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
  }, PATIENCE_MS);
  await new Promise((resolve) => child.on('close', resolve));
  clearTimeout(timer);
  const text = Buffer.concat(output).toString();
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
