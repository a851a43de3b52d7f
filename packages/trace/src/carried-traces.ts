/** Carried traces: the recordings that come with this package, by name, and those of other folders. */
import { existsSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UsageError } from '@gpuheap/core';

const FOLDER = fileURLToPath(new URL('../traces/', import.meta.url));
const ENDING = '.ndjson.gz';

/** The names of the traces that this package carries, sorted. */
export function carriedTraces(): string[] {
  return tracesIn(FOLDER).map((path) => basename(path, ENDING));
}

/** The paths of the traces in a folder, sorted; none when there is no such folder. */
export function tracesIn(folder: string): string[] {
  const files = existsSync(folder) ? readdirSync(folder) : [];
  return files
    .filter((file) => file.endsWith(ENDING))
    .sort()
    .map((file) => join(folder, file));
}

/**
 * The path of a carried trace, or `nameOrPath` itself when it is a file. @throws UsageError `bad-argument`
 */
export function findTrace(nameOrPath: string): string {
  if (carriedTraces().includes(nameOrPath)) return `${FOLDER}${nameOrPath}${ENDING}`;
  if (existsSync(nameOrPath)) return nameOrPath;
  const known = carriedTraces().join(', ');
  throw new UsageError(
    'bad-argument',
    `there is no trace ${JSON.stringify(nameOrPath)}; pass a path, or one of ${known}`,
  );
}
