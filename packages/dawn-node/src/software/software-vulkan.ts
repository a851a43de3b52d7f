/**
 * Software Vulkan: a driver that runs on the CPU, found or unpacked.
 *
 * Cost     the first call on a machine unpacks 7 MB (about 0.3 s), later ones look for files.
 * Promise  a driver file is only named when its library lies where the file says.
 * Refusal  installs nothing and downloads nothing.
 */
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { defaultCacheFolder } from './cache-folder.ts';
import { findChromiumPackage } from './chromium-package.ts';
import { unpackOnce, unpackTar } from './unpack.ts';

const DRIVER = 'libvk_swiftshader.so';
const LOADER = 'libvulkan.so.1';
const MANIFEST = 'vk_swiftshader_icd.json';
const SYSTEM_MANIFESTS = [`/usr/lib/chromium/${MANIFEST}`, `/usr/lib64/chromium-browser/${MANIFEST}`];

/** A software Vulkan driver on this machine. */
export interface SoftwareVulkan {
  /** Where it came from. */
  readonly source: 'npm' | 'system';
  /** The driver's manifest, for `VK_DRIVER_FILES` and `VK_ICD_FILENAMES`. */
  readonly manifest: string;
  /** The Vulkan loader: a path, or the bare name of the system's. */
  readonly loader: string;
  /** The folder with the driver's libraries. */
  readonly folder: string;
}

/** Where to look and where to unpack. */
export interface SoftwareVulkanOptions {
  /** Where unpacked files are kept; default `$XDG_CACHE_HOME/gpuheap` or `~/.cache/gpuheap`. */
  readonly cacheFolder?: string;
}

/**
 * A software Vulkan driver: from npm's `@sparticuz/chromium` when that is installed, else the one of the
 * system's Chromium, else `undefined`. File system errors of unpacking are thrown as they are.
 */
export async function findSoftwareVulkan(
  options: SoftwareVulkanOptions = {},
): Promise<SoftwareVulkan | undefined> {
  return (await unpackFromNpm(options.cacheFolder ?? defaultCacheFolder())) ?? findOnSystem();
}

async function unpackFromNpm(cacheFolder: string): Promise<SoftwareVulkan | undefined> {
  const found = findChromiumPackage();
  if (found === undefined) return undefined;
  const archive = join(found.binFolder, 'swiftshader.tar.br');
  if (!existsSync(archive)) return undefined;
  const folder = join(cacheFolder, `swiftshader-${found.version}`);
  await unpackOnce(folder, [DRIVER, LOADER], (into) => unpackTar(archive, into));
  const manifest = join(folder, MANIFEST);
  await mendManifest(manifest, join(folder, DRIVER));
  return { source: 'npm', manifest, loader: join(folder, LOADER), folder };
}

function findOnSystem(): SoftwareVulkan | undefined {
  if (process.platform !== 'linux') return undefined;
  const manifest = SYSTEM_MANIFESTS.find((path) => existsSync(path));
  if (manifest === undefined) return undefined;
  return { source: 'system', manifest, loader: LOADER, folder: join(manifest, '..') };
}

/** Writes the manifest anew unless it names `library`. */
async function mendManifest(manifest: string, library: string): Promise<void> {
  const text = JSON.stringify({
    file_format_version: '1.0.0',
    ICD: { library_path: library, api_version: '1.1.0' },
  });
  if ((await readFile(manifest, 'utf8').catch(() => '')) === text) return;
  // Others may be mending it at the same time, in this process too.
  const fresh = `${manifest}.${randomUUID()}`;
  await writeFile(fresh, text);
  await rename(fresh, manifest);
}
