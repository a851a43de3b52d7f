/**
 * Chromium: a browser with WebGPU on this machine, found or unpacked.
 *
 * Cost     the first call on a machine unpacks 270 MB (about 3 s), later ones look for files.
 * Promise  browser, software driver and libraries lie in one folder: Chromium looks for the driver beside
 *          itself.
 * Refusal  installs nothing and downloads nothing.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  defaultCacheFolder,
  findChromiumPackage,
  unpackExecutable,
  unpackOnce,
  unpackTar,
} from '@gpuheap/dawn-node/software';

const SYSTEM_BROWSERS = ['/usr/bin/chromium', '/usr/bin/chromium-browser'];
const UNPACKED = [
  'chromium',
  'libvk_swiftshader.so',
  'libvulkan.so.1',
  'vk_swiftshader_icd.json',
  'lib/libnss3.so',
];
const FLAGS = [
  '--headless=new',
  '--no-sandbox',
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
  '--enable-features=Vulkan',
];

/** What is needed to start the browser. */
export interface Chromium {
  readonly executable: string;
  readonly flags: readonly string[];
  /** Variables to set beside those of this process. */
  readonly environment: Readonly<Record<string, string>>;
}

/**
 * A browser: `GPUHEAP_CHROMIUM`, else npm's `@sparticuz/chromium`, else the system's. Throws when there is
 * none.
 */
export async function findChromium(cacheFolder: string = defaultCacheFolder()): Promise<Chromium> {
  const chosen = process.env['GPUHEAP_CHROMIUM'];
  if (chosen !== undefined && chosen !== '') return { executable: chosen, flags: FLAGS, environment: {} };
  const unpacked = await unpackChromium(cacheFolder);
  if (unpacked !== undefined) return unpacked;
  const executable = SYSTEM_BROWSERS.find((path) => existsSync(path));
  if (executable !== undefined) return { executable, flags: FLAGS, environment: {} };
  throw new Error(
    'no Chromium here: install npm @sparticuz/chromium (Linux on x64), or set GPUHEAP_CHROMIUM',
  );
}

async function unpackChromium(cacheFolder: string): Promise<Chromium | undefined> {
  const found = findChromiumPackage();
  if (found === undefined) return undefined;
  const folder = join(cacheFolder, `chromium-${found.version}`);
  await unpackOnce(folder, UNPACKED, async (into) => {
    for (const archive of ['swiftshader', 'al2023', 'fonts']) {
      await unpackTar(join(found.binFolder, `${archive}.tar.br`), into);
    }
    await unpackExecutable(join(found.binFolder, 'chromium.br'), join(into, 'chromium'));
  });
  const libraries = [join(folder, 'lib'), folder, process.env['LD_LIBRARY_PATH'] ?? ''];
  return {
    executable: join(folder, 'chromium'),
    flags: FLAGS,
    environment: {
      LD_LIBRARY_PATH: libraries.filter((path) => path !== '').join(':'),
      FONTCONFIG_PATH: folder,
      XDG_RUNTIME_DIR: process.env['XDG_RUNTIME_DIR'] ?? folder,
    },
  };
}
