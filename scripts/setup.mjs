/**
 * Sets a clone up: installs the locked packages and builds what changed. `npm start` and `npm test` run it
 * first.
 *
 * Cost     about half a minute the first time; afterwards the install is skipped by a stamp and the build by
 *          turbo.
 * Promise  needs Node and npm, nothing else: no root, no question asked, no file outside the clone and npm's
 *          cache.
 * Refusal  prints one line a step, and the whole output of a step only when it fails.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const stampPath = join(root, 'node_modules', '.gpuheap-setup');

checkNode();
const started = Date.now();
const installed = await install();
await build();
if (installed) console.log(`setup: ready after ${seconds(started)}`);

/** Ends with one clear line when this Node can not run the project. */
function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  console.error(
    `setup: this is Node ${process.versions.node}; gpuheap needs Node 20.19 or newer (https://nodejs.org)`,
  );
  process.exit(1);
}

/** Installs when the lockfile or a package.json changed since the last time. Answers whether it did. */
async function install() {
  const stamp = stampOfPackages();
  const missing = packageFolders().some(
    (folder) => needsPackages(folder) && !existsSync(join(folder, 'node_modules')),
  );
  if (!missing && existsSync(stampPath) && readFileSync(stampPath, 'utf8') === stamp) return false;
  console.log('setup: installing the locked packages (the first time this takes about half a minute)');
  rmSync(stampPath, { force: true });
  await runPnpm('installing', ['install', '--frozen-lockfile']);
  writeFileSync(stampPath, stamp);
  return true;
}

/** Builds every package; turbo skips those whose sources did not change. */
async function build() {
  await runPnpm('building', ['exec', 'turbo', 'run', 'build', '--output-logs=errors-only', '--ui=stream']);
}

/** A digest of everything that decides what an install puts on the disk. */
function stampOfPackages() {
  const digest = createHash('sha256').update(process.versions.modules + process.platform + process.arch);
  const files = packageFolders().map((folder) => join(folder, 'package.json'));
  for (const name of ['pnpm-lock.yaml', 'pnpm-workspace.yaml', 'package.json']) files.push(join(root, name));
  for (const file of files) digest.update(readFileSync(file));
  return digest.digest('hex');
}

/** Whether a package has dependencies, so that an install gives it a folder of them. */
function needsPackages(folder) {
  const { dependencies, devDependencies } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  return Object.keys({ ...dependencies, ...devDependencies }).length > 0;
}

/** The folders of the workspace's packages, sorted. */
function packageFolders() {
  const folders = readdirSync(join(root, 'packages')).sort();
  return folders
    .map((name) => join(root, 'packages', name))
    .filter((folder) => existsSync(join(folder, 'package.json')));
}

/** Runs the pnpm that `package.json` names, through npx, so that turbo finds it on the PATH too. */
async function runPnpm(what, args) {
  const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const env = {
    ...process.env,
    TURBO_TELEMETRY_DISABLED: '1',
    TURBO_NO_UPDATE_NOTIFIER: '1',
    DO_NOT_TRACK: '1',
  };
  const windows = process.platform === 'win32';
  const child = spawn(windows ? 'npx.cmd' : 'npx', ['--yes', packageManager, ...args], {
    cwd: root,
    env,
    shell: windows,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
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
  if (code === 0) return;
  process.stderr.write(Buffer.concat(output));
  console.error(`setup: ${what} failed (see above)`);
  process.exit(1);
}

/** Seconds since `from`, for people. */
function seconds(from) {
  return `${((Date.now() - from) / 1000).toFixed(1)} s`;
}
