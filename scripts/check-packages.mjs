/**
 * Packs every public package and checks the tarballs: publint (the manifest), attw (the types as users
 * resolve them), and that each carries a README and the licence.
 *
 * Promise  looks at what would be published, not at the working tree. Needs a build.
 */
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const execute = promisify(execFile);
const root = fileURLToPath(new URL('..', import.meta.url));
const bin = join(root, 'node_modules', '.bin');
const scratch = mkdtempSync(join(tmpdir(), 'gpuheap-pack-'));

try {
  const names = readdirSync(join(root, 'packages')).filter(isPublic);
  await packAll(names);
  const problems = [];
  const queue = readdirSync(scratch).filter((name) => name.endsWith('.tgz'));
  if (queue.length !== names.length)
    problems.push(`${names.length} public packages, but ${queue.length} tarballs`);
  const tarballs = [...queue];
  await Promise.all([checkQueue(queue, problems), checkQueue(queue, problems)]);
  for (const problem of problems) console.error(problem);
  console.log(`${tarballs.length} packages checked, ${problems.length} problems`);
  process.exitCode = problems.length === 0 ? 0 : 1;
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

/** Whether a folder of packages/ is published. */
function isPublic(name) {
  const manifest = join(root, 'packages', name, 'package.json');
  return existsSync(manifest) && JSON.parse(readFileSync(manifest, 'utf8')).private !== true;
}

/** Packs as a release would: with pnpm, which writes real versions for `workspace:` and adds the licence. */
async function packAll(names) {
  const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const filters = names.map((name) => `--filter=./packages/${name}`);
  await execute('npx', ['--yes', packageManager, '-r', ...filters, 'pack', '--pack-destination', scratch], {
    cwd: root,
  });
}

/** Checks tarballs until the queue is empty. */
async function checkQueue(queue, problems) {
  for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
    const tarball = join(scratch, name);
    const { stdout } = await execute('tar', ['-tzf', tarball]);
    for (const file of ['package/README.md', 'package/LICENSE']) {
      if (!stdout.split('\n').includes(file)) problems.push(`${name} lacks ${file}`);
    }
    await check(problems, 'publint', ['run', tarball, '--strict']);
    await check(problems, 'attw', [
      tarball,
      '--profile',
      'esm-only',
      '--no-color',
      '--no-emoji',
      '--no-definitely-typed',
    ]);
  }
}

/** Runs one checker; what it prints on failure is the problem. */
async function check(problems, tool, args) {
  try {
    await execute(join(bin, tool), args, { cwd: root });
  } catch (error) {
    problems.push(`${tool} ${args.join(' ')}\n${error.stdout ?? ''}${error.stderr ?? ''}`);
  }
}
