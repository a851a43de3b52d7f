#!/usr/bin/env node
/** The command `gpuheap`. */
import { runCli } from './run-cli.ts';

// Whoever reads the output may stop before its end, as `head` does.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});
process.exitCode = await runCli(process.argv.slice(2), { out: process.stdout, error: process.stderr });
