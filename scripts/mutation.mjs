/**
 * Mutation tests: changes the code of the suballocators in every small way that Stryker knows, one at a time,
 * and expects a test of the brief tier to fail. `npm run test:mutation -- tlsf buddy` tries these files
 * alone.
 *
 * Cost     a minute to a quarter of an hour a file, two processes at a time.
 * Promise  exits with 0 only when at least 90 % of the mutants of every file were caught: a test failed, or
 *          never ended, which is believed after five seconds and twice what it takes unchanged: run this on a
 *          machine that does nothing else. What the modules do while they load is left out, and so are texts.
 * Refusal  Stryker needs Node 22: from an older one this runs a newer one out of npm, which stays in npm's
 *          cache.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const FLOORS = ['ranges', 'tables', 'base'];
const LEAST_SCORE = 90;
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
    'ranges/{binned-classes,binned-options,binned-slabs,binned-wear,binned-full-table,metadata-bytes,state-damage*,steady*}',
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
  // Longer than any load of the machine explains, but for other work beside this.
  timeoutMS: 5000,
  timeoutFactor: 2,
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
    const code = await mutate(path, join(reports, `${name}.json`));
    if (code !== 0 || !report(path, name)) failures++;
  }
}
console.log(failures === 0 ? 'every file passed' : `${failures} files failed`);
process.exitCode = failures === 0 ? 0 : 1;

/** Runs Stryker over one file and has it report into `fileName`; answers its exit code. */
async function mutate(file, fileName) {
  const [, ...tests] = TESTS.find(([pattern]) => pattern.test(file));
  const env = {
    ...process.env,
    GPUHEAP_BRIEF: '1',
    GPUHEAP_MUTATION_TESTS: tests.join(' '),
  };
  const config = `${fileName}.config.json`;
  const options = { ...OPTIONS, mutate: [`packages/core/src/${file}`], jsonReporter: { fileName } };
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
function report(file, name) {
  const mutants = readMutants(join(reports, `${name}.json`)).filter(({ status }) => status in WORDS);
  for (const { status, mutatorName, replacement, location } of mutants) {
    if (WORDS[status] === '') continue;
    console.log(
      `  ${WORDS[status]} ${file}:${location.start.line}:${location.start.column} ${mutatorName}: ${replacement}`,
    );
  }
  const caught = mutants.filter(({ status }) => WORDS[status] === '').length;
  const endless = mutants.filter(({ status }) => status === 'Timeout').length;
  const score = (caught * 100) / mutants.length;
  console.log(
    `${score.toFixed(1).padStart(5)} %  ${caught} of ${mutants.length} caught, ${endless} of them without end  ${file}`,
  );
  return score >= LEAST_SCORE;
}

function readMutants(path) {
  const { files } = JSON.parse(readFileSync(path, 'utf8'));
  return Object.values(files).flatMap((each) => each.mutants);
}
