export type { CliOutput, CliStreams } from './output.ts';
export { type DeviceChoice, openReplayDevice, type ReplayDevice } from './replay-device.ts';
export { showCount, showMegabytes } from './result-table.ts';
export { runCli } from './run-cli.ts';
export { type ModeResults, type ModeRun, runModes } from './run-modes.ts';
export { compareCreations, compareReserved, isFaultless, type TargetFigure } from './verdicts.ts';
