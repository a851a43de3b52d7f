export type { CliOutput, CliStreams } from './output.ts';
export { runCli } from './run-cli.ts';
