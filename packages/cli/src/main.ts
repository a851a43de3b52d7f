#!/usr/bin/env node
/** The command `gpuheap`. */
import { runCli } from './run-cli.ts';

process.exitCode = await runCli(process.argv.slice(2), { out: process.stdout, error: process.stderr });
