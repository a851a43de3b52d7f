/// <reference types="@webgpu/types" preserve="true" />
/** GPU examples: what those that need a device show, in values that travel as JSON. */
import { openWebGpuHeap } from '@gpuheap/webgpu';
import { runNaiveChain, runResolvedChain } from './chain-alternatives.ts';
import { countWrongWords } from './chain-arithmetic.ts';
import { type ChainResult, runComputeChain, TENSOR_COUNT } from './compute-chain.ts';
import { renderMeshes } from './mesh-renderer.ts';
import { SHAPES } from './mesh-shapes.ts';
import { drawLetters } from './picture.ts';
import { invertBits } from './streaming.ts';
import { type FlightFigures, flyOver, SMALL_SCENE } from './streaming-scene.ts';
import { TilesOnGpu } from './tiles-on-gpu.ts';
import { moveBars } from './uniform-ring.ts';

const PICTURE_WIDTH = 64;
const BUDGET_BYTES = 2_097_152;
const STREAM_WORDS = 8_000_003;

/** A picture, and how many buffers and bind groups it took. */
export interface PictureReport {
  readonly picture: readonly string[];
  readonly bufferCount: number;
  readonly groupCount: number;
}

/** What came of a chain. */
export interface ChainReport {
  readonly tensorCount: number;
  readonly bufferCount: number;
  readonly wrongCount: number;
  readonly moveCount: number;
  /** What `checkScope` said of each dispatch that was not legal. */
  readonly conflicts: readonly string[];
}

/** What came of a stream, in bytes. */
export interface StreamReport {
  readonly streamedBytes: number;
  readonly budgetBytes: number;
  readonly peakBytes: number;
  readonly batchedBytes: number;
  readonly wrongCount: number;
}

/** What came of a flight over more terrain than the budget holds. */
export interface SceneFigures
  extends Pick<FlightFigures, 'hitCount' | 'missCount' | 'peakBytes' | 'wrongBytes'> {
  readonly sceneBytes: number;
  readonly budgetBytes: number;
  readonly comparedBytes: number;
}

/** Three meshes out of one buffer. */
export async function showMeshes(device: GPUDevice): Promise<PictureReport> {
  const { pixels, bufferCount } = await renderMeshes(device, SHAPES);
  return { picture: drawLetters(pixels, PICTURE_WIDTH), bufferCount, groupCount: SHAPES.length };
}

/** Bars that move, a line for each frame. */
export async function showUniformRing(device: GPUDevice): Promise<PictureReport> {
  const { pixels, ...counts } = await moveBars(device);
  return { picture: drawLetters(pixels, PICTURE_WIDTH), ...counts };
}

/** The chain of tensors that are kept apart. */
export async function showChain(device: GPUDevice): Promise<ChainReport> {
  return judgeChain(await runComputeChain(device), 0, []);
}

/** The chain whose tensors are moved when they are in the way. */
export async function showResolvedChain(device: GPUDevice): Promise<ChainReport> {
  const result = await runResolvedChain(device);
  return judgeChain(result, result.moveCount, []);
}

/** The chain in one buffer, which no device takes. */
export async function showNaiveChain(device: GPUDevice): Promise<ChainReport> {
  const result = await runNaiveChain(device);
  return judgeChain(result, 0, result.conflicts);
}

function judgeChain(result: ChainResult, moveCount: number, conflicts: readonly string[]): ChainReport {
  const { words, bufferCount } = result;
  const wrongCount = countWrongWords(words);
  return { tensorCount: TENSOR_COUNT, bufferCount, wrongCount, moveCount, conflicts };
}

/** Data through a heap that a fifteenth of it would fill. */
export async function showStreaming(device: GPUDevice): Promise<StreamReport> {
  const wordAt = (index: number): number => (index * 1_000_003) % 2 ** 32;
  const data = Uint32Array.from({ length: STREAM_WORDS }, (_, index) => wordAt(index));
  const figures = await invertBits(device, data, BUDGET_BYTES);
  const wrongCount = data.reduce(
    (count, word, index) => count + (word === 2 ** 32 - 1 - wordAt(index) ? 0 : 1),
    0,
  );
  return { streamedBytes: data.byteLength, budgetBytes: BUDGET_BYTES, ...figures, wrongCount };
}

/** 32 MiB of terrain through 8 MiB. */
export async function showScene(device: GPUDevice): Promise<SceneFigures> {
  const { terrain, budgetBytes } = SMALL_SCENE;
  const heap = openWebGpuHeap(device, { budgetBytes, chunkBytes: budgetBytes / 32 });
  const worker = new TilesOnGpu(device, heap, terrain);
  const { flight: _, ...figures } = await flyOver(heap, SMALL_SCENE, worker, { prefetch: true });
  heap.dispose();
  return { sceneBytes: terrain.side ** 2 * terrain.tileBytes, budgetBytes, ...figures };
}
