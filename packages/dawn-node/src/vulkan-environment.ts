/**
 * Vulkan environment: what has to be true of this process before Dawn looks for Vulkan.
 *
 * Promise  variables are changed only while `run` runs, and put back; runs follow one another.
 * Refusal  a worker thread has variables of its own that native code does not see, unless it shares them
 *          (`SHARE_ENV`).
 */
import { readdirSync } from 'node:fs';
import { constants, homedir, tmpdir } from 'node:os';
import { join } from 'node:path';

const NO_DELETE = 0x1000; // RTLD_NODELETE of Linux, which Node does not name.
const DRIVER_VARIABLES = ['VK_DRIVER_FILES', 'VK_ICD_FILENAMES', 'VK_ADD_DRIVER_FILES'];
const SOFTWARE_DRIVER = /swiftshader|lvp_icd|llvmpipe|lavapipe/i;

/**
 * Loads a shared library so that a later `dlopen` of its name finds it; whether it could be loaded. It is
 * not a Node addon, so Node complains, yet the library stays in the process.
 */
export function preloadLibrary(path: string): boolean {
  const flags = constants.dlopen.RTLD_NOW | constants.dlopen.RTLD_GLOBAL | NO_DELETE;
  try {
    process.dlopen({ exports: {} }, path, flags);
    return true;
  } catch (error) {
    return String(error).includes('did not self-register');
  }
}

/** Whether some Vulkan driver is installed that does not look like a software one. Linux only. */
export function hasHardwareDriver(): boolean {
  const named = DRIVER_VARIABLES.flatMap((name) => (process.env[name] ?? '').split(':'));
  const installed = driverFolders().flatMap((folder) => {
    try {
      return readdirSync(folder);
    } catch {
      return [];
    }
  });
  return [...named, ...installed].some((file) => file !== '' && !SOFTWARE_DRIVER.test(file));
}

function driverFolders(): string[] {
  const home = homedir();
  const roots = [
    process.env['XDG_CONFIG_HOME'] ?? join(home, '.config'),
    ...(process.env['XDG_CONFIG_DIRS'] ?? '/etc/xdg').split(':'),
    ...(process.env['XDG_DATA_DIRS'] ?? '/usr/local/share:/usr/share').split(':'),
    process.env['XDG_DATA_HOME'] ?? join(home, '.local', 'share'),
    '/usr/local/etc',
    '/etc',
  ];
  return roots.filter((root) => root !== '').map((root) => join(root, 'vulkan', 'icd.d'));
}

let lastRun: Promise<unknown> = Promise.resolve();

/**
 * Runs `run` while the variables that choose Vulkan drivers name `manifest` alone, or are as they are
 * without one.
 */
export function withVulkanDriver<Result>(
  manifest: string | undefined,
  run: () => Promise<Result>,
): Promise<Result> {
  const mine = lastRun.then(async () => {
    const changes: Record<string, string> = { XDG_RUNTIME_DIR: process.env['XDG_RUNTIME_DIR'] ?? tmpdir() };
    if (manifest !== undefined) {
      changes['VK_DRIVER_FILES'] = manifest;
      changes['VK_ICD_FILENAMES'] = manifest;
    }
    const before = Object.keys(changes).map((name) => [name, process.env[name]] as const);
    Object.assign(process.env, changes);
    try {
      return await run();
    } finally {
      for (const [name, value] of before) {
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      }
    }
  });
  lastRun = mine.catch(() => {});
  return mine;
}
