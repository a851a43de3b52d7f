/**
 * Chromium package: where npm's `@sparticuz/chromium` lies, without running any of it.
 *
 * Refusal  only Linux on x64, which is what the package carries.
 */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const NAME = '@sparticuz/chromium';

/** An installed copy of the package. */
export interface ChromiumPackage {
  /** Its folder of archives. */
  readonly binFolder: string;
  readonly version: string;
}

/**
 * The package as seen from here or from the working folder; `undefined` when it is not installed or of no
 * use here.
 */
export function findChromiumPackage(): ChromiumPackage | undefined {
  if (process.platform !== 'linux' || process.arch !== 'x64') return undefined;
  for (const origin of [import.meta.url, join(process.cwd(), 'package.json')]) {
    const found = findFrom(origin);
    if (found !== undefined) return found;
  }
  return undefined;
}

function findFrom(origin: string): ChromiumPackage | undefined {
  let entry: string;
  try {
    entry = createRequire(origin).resolve(NAME);
  } catch {
    return undefined;
  }
  // The package does not export its package.json: climb from its entry to the folder that has it.
  for (let folder = dirname(entry); folder !== dirname(folder); folder = dirname(folder)) {
    const manifest = join(folder, 'package.json');
    if (!existsSync(manifest)) continue;
    const { name, version } = JSON.parse(readFileSync(manifest, 'utf8')) as {
      name?: string;
      version?: string;
    };
    if (name === NAME && version !== undefined) return { binFolder: join(folder, 'bin'), version };
  }
  return undefined;
}
