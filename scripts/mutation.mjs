/**
 * Mutation tests: changes the code of the suballocators in every small way that Stryker knows, one at a time,
 * and expects a test of the brief tier to fail. `npm run test:mutation -- tlsf buddy` tries these files
 * alone.
 *
 * Cost     a minute to a quarter of an hour a file, two processes at a time.
 * Promise  exits with 0 only when at least 90 % of the mutants of every file were caught: a test failed, or
 *          never ended. A mutant whose tests only took long is tried again with a limit that no load of the
 *          machine explains, or counts as one that lived where the score is reached without it. What the
 *          modules do while they load is left out, and so are texts.
 * Refusal  Stryker needs Node 22: from an older one this runs a newer one out of npm, which stays in npm's
 *          cache.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const FLOORS = ['ranges', 'tables', 'base'];
const LEAST_SCORE = 90;
/** For mutants that took too long at first: milliseconds, and times what their tests take unchanged. */
const PATIENT = { timeoutMS: 8000, timeoutFactor: 4 };
const NODE_NEEDED = 22;
/** What is said of mutants that were tried, by Stryker's word; nothing of those that were caught. */
const WORDS = { Killed: '', Timeout: '', Survived: 'lived', NoCoverage: 'not reached' };

/** The few tests near each file: a mutant that lives runs all of them, and every file of them loads. */
const TESTS = [
  [
    /record-table|serial-queue/,
    'tables/{record-table,serial-queue}',
    'ranges/{state-worn,fixed-slots}',
    'bug-zoo/25*',
  ],
  [/size-bins/, 'tables/size-bins', 'ranges/{tlsf-choice,best-fit-choice}'],
  [/hole-tree/, 'tables/hole-tree'],
  [/best-fit/, 'ranges/{best-fit*,full-table,state-damage*,steady*}'],
  [/neighbours/, 'ranges/{tlsf,buddy,fixed,state*,steady*}', 'bug-zoo/25*'],
  [/tlsf|linked-ranges|ranges-in-regions/, 'ranges/{tlsf*,state*,steady*}'],
  [/buddy|power-ranges/, 'ranges/{buddy*,state*,steady*}'],
  [/size-classes/, 'ranges/{size-classes,binned-options}'],
  [/slab-state/, 'ranges/{slab-state,state-damage*}'],
  [
    /binned|slab/,
    'ranges/{binned-classes,binned-options,binned-slabs,binned-full-table,state-damage*,steady*}',
  ],
  [/fixed|pieces/, 'ranges/{fixed*,state*,steady*}'],
  [/linear/, 'ranges/{linear*,state-damage*,steady*}'],
  [/ring/, 'ranges/{ring*,state-damage*,steady*}'],
  [/live-ranges/, 'ranges/{linear,linear-stack,ring,ring-wrap,state-damage*,steady*}'],
  [/figures/, 'ranges/{figures,tlsf,state-damage*,state-worn}'],
  [/ranges\//, 'ranges/{range-records,tlsf,buddy-structure,figures,state*,histogram}', 'bug-zoo/33*'],
  [/base\//, 'base/*'],
];

/** What Stryker is told of every file. */
const OPTIONS = {
  testRunner: 'vitest',
  plugins: ['@stryker-mutator/vitest-runner'],
  vitest: { configFile: 'scripts/mutation/vitest.config.ts' },
  // The compiler here has no API to read a tsconfig with.
  tsconfigFile: 'none',
  mutator: { excludedMutations: ['StringLiteral'] },
  coverageAnalysis: 'perTest',
  ignoreStatic: true,
  concurrency: 2,
  timeoutMS: 2500,
  timeoutFactor: 1.5,
  disableTypeChecks: false,
  reporters: ['json'],
  tempDirName: '.cache/mutation',
  cleanTempDir: 'always',
  ignorePatterns: [
    '**',
    '!package.json',
    '!tsconfig*.json',
    '!scripts/mutation/**',
    '!packages/{core,testing}/**',
    'dist',
    'node_modules',
  ],
};

const root = fileURLToPath(new URL('..', import.meta.url));
const source = join(root, 'packages', 'core', 'src');
const reports = join(root, 'results', 'mutation');
const wanted = process.argv.slice(2);
mkdirSync(reports, { recursive: true });

let failures = 0;
for (const floor of FLOORS) {
  for (const file of readdirSync(join(source, floor)).sort()) {
    const name = basename(file, '.ts');
    if (name === 'index' || (wanted.length > 0 && !wanted.includes(name))) continue;
    const path = `${floor}/${file}`;
    const code = await mutate(path, [`packages/core/src/${path}`], join(reports, `${name}.json`));
    if (code !== 0 || !(await report(path, name))) failures++;
  }
}
console.log(failures === 0 ? 'every file passed' : `${failures} files failed`);
process.exitCode = failures === 0 ? 0 : 1;

/** Runs Stryker over parts of one file and has it report into `fileName`; answers its exit code. */
async function mutate(file, parts, fileName, limits = {}) {
  const [, ...tests] = TESTS.find(([pattern]) => pattern.test(file));
  const env = {
    ...process.env,
    GPUHEAP_BRIEF: '1',
    GPUHEAP_MUTATION_TESTS: tests.join(' '),
  };
  const config = `${fileName}.config.json`;
  const options = { ...OPTIONS, ...limits, mutate: parts, jsonReporter: { fileName } };
  writeFileSync(config, JSON.stringify(options));
  const stryker = join('node_modules', '@stryker-mutator', 'core', 'bin', 'stryker.js');
  const [command, ...before] = nodeCommand();
  const child = spawn(command, [...before, stryker, 'run', config], {
    cwd: root,
    env,
    shell: process.platform === 'win32',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = [];
  child.stdout.on('data', (data) => output.push(data));
  child.stderr.on('data', (data) => output.push(data));
  const code = await new Promise((resolve) => child.on('close', resolve));
  if (code !== 0) process.stdout.write(Buffer.concat(output));
  return code;
}

/** A Node that Stryker runs on. */
function nodeCommand() {
  if (Number.parseInt(process.versions.node, 10) >= NODE_NEEDED) return [process.execPath];
  const platform = process.platform === 'win32' ? 'win' : process.platform;
  const name = `node-${platform}-${process.arch}@${NODE_NEEDED}`;
  return [
    process.platform === 'win32' ? 'npm.cmd' : 'npm',
    'exec',
    '--yes',
    `--package=${name}`,
    '--',
    'node',
  ];
}

/** Prints the score of a file and what lived; answers whether the score suffices. */
async function report(file, name) {
  const mutants = readMutants(join(reports, `${name}.json`)).filter(({ status }) => status in WORDS);
  const needed = (mutants.length * LEAST_SCORE) / 100;
  const doubtful = mutants.filter(isSlow);
  const caught = () => mutants.filter((mutant) => isCaught(mutant) && !doubtful.includes(mutant)).length;
  while (doubtful.length > 0 && caught() < needed) {
    // As many as would do, and half as many more, since some will live.
    const part = doubtful.slice(0, Math.ceil((needed - caught()) * 1.5));
    if (!(await tryAgain(file, name, part))) return false;
    doubtful.splice(0, part.length);
  }
  for (const mutant of mutants) {
    const word = doubtful.includes(mutant) ? 'took long' : WORDS[mutant.status];
    const { mutatorName, replacement, location } = mutant;
    if (word === '') continue;
    console.log(
      `  ${word} ${file}:${location.start.line}:${location.start.column} ${mutatorName}: ${replacement}`,
    );
  }
  const score = (caught() * 100) / mutants.length;
  const more = doubtful.length > 0 ? `, ${doubtful.length} took long` : '';
  console.log(`${score.toFixed(1).padStart(5)} %  ${caught()} of ${mutants.length} caught${more}  ${file}`);
  return score >= LEAST_SCORE;
}

function readMutants(path) {
  const { files } = JSON.parse(readFileSync(path, 'utf8'));
  return Object.values(files).flatMap((each) => each.mutants);
}

/** Whether its tests took too long, and nobody saw it go round and round. */
function isSlow({ status, statusReason = '' }) {
  return status === 'Timeout' && !statusReason.includes('Hit limit');
}

function isCaught({ status }) {
  return WORDS[status] === '';
}

/** Tries mutants again, patiently, and gives them the status that they have then. Whether that worked. */
async function tryAgain(file, name, slow) {
  const path = join(reports, `${name}.patient.json`);
  const parts = slow.map(({ location: { start, end } }) => {
    const range = `${start.line}:${start.column - 1}-${end.line}:${end.column - 1}`;
    return `packages/core/src/${file}:${range}`;
  });
  if ((await mutate(file, [...new Set(parts)], path, PATIENT)) !== 0) return false;
  const again = new Map(readMutants(path).map((mutant) => [keyOf(mutant), mutant.status]));
  for (const mutant of slow) mutant.status = again.get(keyOf(mutant)) ?? 'Survived';
  return true;
}

function keyOf({ location: { start, end }, mutatorName, replacement }) {
  return [start.line, start.column, end.line, end.column, mutatorName, replacement].join(' ');
}
