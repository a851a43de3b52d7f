/**
 * Import rules: floors inside core, the allowed roads between packages, nothing of a host in core.
 *
 * Promise  a floor imports itself and the floors below it; nobody imports a door from inside; type imports
 *          count too.
 * Refusal  reads imports by pattern, as the formatter leaves them. Cycles are the linter's
 *          (`noImportCycles`).
 */
import { dirname, join } from 'node:path/posix';
import { codeOnly, lineOf, type SourceFile, type Violation } from './source-file.ts';

/** The floors of core from the ground up: each may import those before it. `debug` looks at everything. */
const FLOORS = [
  'base',
  'tables',
  'ranges',
  'planning',
  'backend',
  'memory',
  'movement',
  'sharing',
  'telemetry',
];
FLOORS.push('heap', 'debug');

/**
 * What the sources of a package may import beside `core`. Packages that are not here may import core alone.
 */
const ROADS: Readonly<Record<string, readonly string[]>> = {
  'dawn-node': ['webgpu'],
  trace: ['inspector', 'mock', 'testing'],
  cli: ['dawn-node', 'inspector', 'mock', 'trace', 'webgpu'],
  bench: ['cli', 'dawn-node', 'mock', 'testing', 'trace', 'webgpu'],
  examples: ['dawn-node', 'inspector', 'mock', 'trace', 'webgpu'],
  integration: ['dawn-node', 'mock', 'testing', 'trace', 'webgpu'],
};

/** What only a host has: core gets clocks, randomness and devices passed in. */
const HOST =
  /\b(window|document|navigator|performance|console|process|globalThis)\s*[.[]|\bMath\.random\b|\bDate\b/;
const HOST_TYPES =
  /\bGPU[A-Z]\w+\b|\b(setTimeout|setInterval|setImmediate|queueMicrotask|require)\(|\bNodeJS\b/;

interface Import {
  readonly line: number;
  readonly specifier: string;
}

/** Every import and re-export of a file, type imports included. */
function importsOf(text: string): Import[] {
  const statement = /^(?:import\s*|(?:import|export)\b[^'";=]*?\bfrom\s*)'([^']+)'|\bimport\('([^']+)'\)/gm;
  const found: Import[] = [];
  for (const match of text.matchAll(statement)) {
    found.push({ line: lineOf(text, match.index), specifier: match[1] ?? match[2] ?? '' });
  }
  return found;
}

/** Upward imports inside core, and imports of a door from inside. */
export function checkFloors(files: readonly SourceFile[]): Violation[] {
  const home = 'packages/core/src/';
  const violations: Violation[] = [];
  for (const { path, text } of files.filter((file) => file.path.startsWith(home))) {
    const floor = floorOf(path.slice(home.length));
    if (floor < 0)
      violations.push({ path, line: 0, what: `is on no floor; floors are ${FLOORS.join(', ')}` });
    for (const { line, specifier } of importsOf(text)) {
      if (!specifier.startsWith('.')) continue;
      const target = join(dirname(path), specifier);
      if (!target.startsWith(home)) continue;
      if (floorOf(target.slice(home.length)) > floor) {
        violations.push({
          path,
          line,
          what: `imports upward: ${specifier}; move what it needs to a lower floor`,
        });
      }
      if (target.endsWith('/index.ts') && !path.endsWith('/index.ts')) {
        violations.push({ path, line, what: `imports the door ${specifier}; import the file itself` });
      }
    }
  }
  return violations;
}

/** The height of a path inside core's src; the root door is above all. */
function floorOf(inner: string): number {
  return inner === 'index.ts' ? FLOORS.length : FLOORS.indexOf(inner.split('/')[0] ?? '');
}

/** Imports between packages that are not on the map, and relative imports that leave a package. */
export function checkRoads(files: readonly SourceFile[]): Violation[] {
  const violations: Violation[] = [];
  for (const { path, text } of files) {
    const [, name, part] = /^packages\/([^/]+)\/(src|test)\/.*\.ts$/.exec(path) ?? [];
    if (name === undefined || part === undefined) continue;
    for (const { line, specifier } of importsOf(text)) {
      const refusal = refuseImport(path, name, part, specifier);
      if (refusal !== undefined) violations.push({ path, line, what: refusal });
    }
  }
  return violations;
}

/** Why a file may not import `specifier`, if so. */
function refuseImport(path: string, name: string, part: string, specifier: string): string | undefined {
  if (specifier.startsWith('.')) {
    const target = join(dirname(path), specifier);
    // Tests of core reach the suites by path: as a dependency, testing → core → testing would be a circle of
    // builds.
    if (part === 'test' && name === 'core' && /^packages\/(testing|mock)\/src\//.test(target))
      return undefined;
    const inside = target.startsWith(`packages/${name}/`);
    if (inside && !(part === 'src' && specifier.includes('/test/'))) return undefined;
    return inside
      ? `${specifier}: sources may not import tests`
      : `${specifier} leaves the package; import it by name`;
  }
  const target = specifier === 'gpuheap' ? 'cli' : /^@gpuheap\/([^/]+)/.exec(specifier)?.[1];
  if (target === undefined || target === name) {
    const alone = part === 'src' && name === 'core';
    return alone ? `${specifier}: core imports nothing outside itself` : undefined;
  }
  if (name !== 'core' && target === 'core') return undefined;
  const roads = ROADS[name] ?? [];
  if (roads.includes(target) || (part === 'test' && ['testing', 'mock'].includes(target))) return undefined;
  return `${specifier}: ${name} may import ${name === 'core' ? 'nothing' : ['core', ...roads].join(', ')}`;
}

/** Clocks, randomness, devices and the host's globals in core. */
export function checkHostFree(files: readonly SourceFile[]): Violation[] {
  const violations: Violation[] = [];
  for (const { path, text } of files.filter((file) => file.path.startsWith('packages/core/src/'))) {
    for (const [index, line] of codeOnly(text).split('\n').entries()) {
      const found = HOST.exec(line) ?? HOST_TYPES.exec(line);
      if (found !== null) {
        violations.push({ path, line: index + 1, what: `uses ${found[0]}; core has no host: pass it in` });
      }
    }
  }
  return violations;
}
