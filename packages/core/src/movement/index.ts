export type { Defragmentation, DefragmentationReport } from './defragmentation.ts';
export type { AutomaticDefragmentation, DefragmentationOptions } from './defragmentation-options.ts';
