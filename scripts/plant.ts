/**
 * Plant: a Vite plugin that puts a bug of the zoo into our code while a test loads it. Nothing on disk
 * changes.
 *
 * Layout   `packages/core/test/bug-zoo/plants.json`: a list of `{ zoo, what, file, find, replace }`; `file`
 *          lies below `packages/core/src`. The environment variable `GPUHEAP_PLANT` says which one, counted
 *          from 0.
 * Refusal  throws when `find` does not stand in the file exactly once: the code has moved on, mend the plant.
 */
import { readFileSync } from 'node:fs';

/** One planted bug. */
export interface Plant {
  /** Number of the class, with which the name of its test begins. */
  readonly zoo: string;
  readonly what: string;
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

/** What of a Vite plugin this is. */
export interface PlantPlugin {
  readonly name: string;
  readonly enforce: 'pre';
  readonly transform: (code: string, id: string) => string | undefined;
}

/** Every plant there is. */
export function readPlants(): readonly Plant[] {
  const url = new URL('../packages/core/test/bug-zoo/plants.json', import.meta.url);
  return JSON.parse(readFileSync(url, 'utf8')) as Plant[];
}

/** The plugin for the plant that the environment names; none when it names none. */
export function plantPlugins(chosen: string | undefined): PlantPlugin[] {
  if (chosen === undefined) return [];
  const plant = readPlants()[Number(chosen)];
  if (plant === undefined) throw new Error(`there is no plant ${chosen}`);
  const transform = (code: string, id: string): string | undefined =>
    id.split('?')[0]?.endsWith(`packages/core/src/${plant.file}`) ? sow(plant, code) : undefined;
  return [{ name: 'gpuheap-plant', enforce: 'pre', transform }];
}

/** The code with the bug in it. Throws when it does not fit. */
export function sow(plant: Plant, code: string): string {
  const parts = code.split(plant.find);
  if (parts.length === 2) return parts.join(plant.replace);
  throw new Error(
    `plant ${plant.zoo} "${plant.what}": ${plant.file} has its text ${parts.length - 1} times, not once`,
  );
}
