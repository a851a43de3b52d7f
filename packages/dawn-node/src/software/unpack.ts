/**
 * Unpack: a folder of files that is either complete or absent, also when several processes make it at once.
 *
 * Cost     a check of `files` when the folder is there, one unpacking when it is not.
 * Promise  nobody sees half a file: all is written beside the folder and renamed into place.
 */
import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createBrotliDecompress } from 'node:zlib';
import { extract } from 'tar-fs';

/** Unpacks a `.tar.br` into `folder`, which it creates. */
export async function unpackTar(archive: string, folder: string): Promise<void> {
  await pipeline(createReadStream(archive), createBrotliDecompress(), extract(folder));
}

/** Unpacks a single `.br` file to an executable `target`. */
export async function unpackExecutable(archive: string, target: string): Promise<void> {
  const file = createWriteStream(target, { mode: 0o755 });
  await pipeline(createReadStream(archive), createBrotliDecompress(), file);
}

/**
 * Makes sure that `folder` has all of `files`; if not, `fill` writes them into a fresh folder that takes its
 * place. Safe for any number of processes at once: the first to finish wins, missing files of a damaged
 * folder are put back.
 */
export async function unpackOnce(
  folder: string,
  files: readonly string[],
  fill: (into: string) => Promise<void>,
): Promise<void> {
  if (files.every((file) => existsSync(join(folder, file)))) return;
  await mkdir(dirname(folder), { recursive: true });
  const fresh = await mkdtemp(`${folder}.part-`);
  try {
    await fill(fresh);
    await putInPlace(fresh, folder, files);
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}

async function putInPlace(fresh: string, folder: string, files: readonly string[]): Promise<void> {
  try {
    await rename(fresh, folder);
  } catch (error) {
    if (!existsSync(folder)) throw error;
    // Someone else was first, or files are missing: a rename of one file is atomic as well.
    for (const file of files) {
      if (existsSync(join(folder, file))) continue;
      await mkdir(dirname(join(folder, file)), { recursive: true });
      await rename(join(fresh, file), join(folder, file));
    }
  }
}
