/**
 * Run CLI: the command line, from arguments to an exit code.
 *
 * Promise  0 when all went well, 1 when bytes were wrong or something failed; an error is one line on the
 *          error stream.
 */
import { GpuMemoryError } from '@gpuheap/core';
import { REPLAY_MODES, type ReplayMode } from '@gpuheap/trace';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { runDoctor } from './doctor-command.ts';
import type { CliStreams } from './output.ts';
import { type ReplaySettings, runReplay } from './replay-command.ts';
import { DEVICE_CHOICES } from './replay-device.ts';

/** Runs `gpuheap` with these arguments. Resolves to the exit code; never rejects for what users can cause. */
export async function runCli(args: readonly string[], streams: CliStreams): Promise<number> {
  let code = 0;
  const program = describeCommands(streams, (result) => {
    code = result;
  });
  try {
    await program.parseAsync(args, { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode;
    if (!(error instanceof GpuMemoryError)) throw error;
    streams.error.write(`gpuheap: ${error.message}\n`);
    return 1;
  }
}

function describeCommands(streams: CliStreams, finish: (code: number) => void): Command {
  const program = new Command('gpuheap')
    .description('Replay recorded GPU workloads and see what suballocation buys.')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => streams.out.write(text),
      writeErr: (text) => streams.error.write(text),
    });
  program
    .command('replay')
    .description('replay traces with real bytes: direct, pooled, and through gpuheap')
    .argument(
      '[traces...]',
      'names of carried traces, or paths (default: three-stream and ort-ocr-lazyrelease)',
    )
    .addOption(deviceOption())
    .option('--modes <list>', 'which ways, separated by commas', parseModes, REPLAY_MODES)
    .option('--checkpoints <count>', 'how often everything is read back and compared', parseCount, 20)
    .option('--report <file>', 'where the page goes', 'report.html')
    .option('--json <file>', 'write all figures as JSON too')
    .action(async (traces: string[], settings: Omit<ReplaySettings, 'traces'>) => {
      finish(await runReplay({ ...settings, traces }, streams));
    });
  program
    .command('doctor')
    .description('say which GPU would be used, and what is missing')
    .action(async () => finish(await runDoctor(streams)));
  return program;
}

function deviceOption(): Option {
  return new Option('--device <kind>', 'what to run on').choices(DEVICE_CHOICES).default('auto');
}

function parseModes(text: string): ReplayMode[] {
  const modes = REPLAY_MODES.filter((mode) => text.split(',').includes(mode));
  if (modes.length > 0 && modes.length === text.split(',').length) return modes;
  throw new InvalidArgumentError(`Pass some of ${REPLAY_MODES.join(',')}.`);
}

function parseCount(text: string): number {
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Pass a number from 0 to 999999.');
}
