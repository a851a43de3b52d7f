/**
 * Bundle: TypeScript sources of the workspace as one module, for a browser or for a Node process of its own.
 */
import { build } from 'rolldown';

/** Bundles `entry` and all that it imports; packages of the workspace by their sources. */
export async function bundle(entry: string, platform: 'browser' | 'node'): Promise<string> {
  const { output } = await build({
    input: entry,
    platform,
    // What is native, or reads its own files, stays outside.
    external: platform === 'node' ? ['webgpu', 'tar-fs'] : [],
    resolve: { conditionNames: ['source', 'import', 'default'] },
    output: { format: 'esm', codeSplitting: false },
    write: false,
    logLevel: 'warn',
  });
  return output[0].code;
}
