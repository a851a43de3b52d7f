/**
 * Texture reader: the bytes of a region of one layer, through staging.
 *
 * Cost     one submission and one map a read, and one more for each `maxBufferSize` of it; rows are padded to
 *          256 bytes in the staging.
 * Promise  a failed map takes its staging buffer out of service and nothing else.
 * Source   WebGPU, W3C: `bytesPerRow` of a copy into a buffer is a multiple of 256.
 */
import { BackendError, type OutOfMemoryError } from '@gpuheap/core';
import type { LayerSpan } from '@gpuheap/core/backend';
import type { WebGpuBuffer } from './device-types.ts';
import { NOTHING_WRONG, runInScopes, type ScopedRun } from './error-scopes.ts';
import type { LossWatch } from './loss-watch.ts';
import type { ReadStaging, Staging } from './read-staging.ts';
import type { WebGpuTexture, WebGpuTextureDevice } from './texture-types.ts';

const MAP_MODE_READ = 1;
const MAP_MULTIPLE = 4;
const ROW_MULTIPLE = 256;

/** What the reader needs of its backend. */
export interface TextureReaderHost<Texture extends WebGpuTexture, Buffer extends WebGpuBuffer> {
  readonly device: WebGpuTextureDevice<Texture, Buffer>;
  readonly watch: LossWatch;
  readonly staging: ReadStaging<Buffer>;
  readonly creationChecks: 'error-scope' | 'none';
  /** The error for a device that refused `requestedBytes`. */
  refusal(requestedBytes: number, reason: string): OutOfMemoryError;
}

/** How a span lies in staging. Bytes. */
interface PaddedSpan {
  readonly span: LayerSpan;
  /** From one row to the next. */
  readonly paddedBytes: number;
  readonly length: number;
}

/** A copy under way: where it lands, and what went wrong with the map once that is known. */
interface Landing<Buffer> {
  readonly staging: Staging<Buffer>;
  readonly failure: Promise<{ readonly cause: unknown } | undefined>;
}

/** Reads a span of a live texture; it has been checked. `isRefused` tells, when asked later. */
export async function readTexture<Texture extends WebGpuTexture, Buffer extends WebGpuBuffer>(
  host: TextureReaderHost<Texture, Buffer>,
  texture: Texture,
  span: LayerSpan,
  isRefused: () => boolean,
): Promise<Uint8Array> {
  const bands = cutIntoBands(span, host.device.limits.maxBufferSize);
  // All are copied now: what is submitted between them must not show in some alone.
  const parts = await Promise.all(bands.map((band) => readBand(host, texture, band, isRefused)));
  if (parts.length === 1) return parts[0] as Uint8Array;
  const whole = new Uint8Array(span.rowBytes * span.rowCount);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.byteLength;
  }
  return whole;
}

/** Rows of blocks that one staging buffer holds, from the top. */
function cutIntoBands(span: LayerSpan, maxBufferSize: number): LayerSpan[] {
  const { rowBytes, rowCount, height } = span;
  const blockHeight = height / rowCount;
  const most = Math.max(1, Math.floor(maxBufferSize / roundUp(rowBytes, ROW_MULTIPLE)));
  const bands: LayerSpan[] = [];
  for (let row = 0; row < rowCount; row += most) {
    const count = Math.min(most, rowCount - row);
    bands.push({ ...span, y: span.y + row * blockHeight, height: count * blockHeight, rowCount: count });
  }
  return bands;
}

function readBand<Texture extends WebGpuTexture, Buffer extends WebGpuBuffer>(
  host: TextureReaderHost<Texture, Buffer>,
  texture: Texture,
  span: LayerSpan,
  isRefused: () => boolean,
): Promise<Uint8Array> {
  const { device, watch } = host;
  if (watch.isLost) return watch.guard(Promise.resolve(new Uint8Array(0)));
  const padded = pad(span);
  const copy = (): Landing<Buffer> => copyOut(host, texture, padded);
  let run: ScopedRun<Landing<Buffer>>;
  try {
    if (host.creationChecks === 'error-scope') run = runInScopes(device, copy);
    else run = { result: copy(), verdict: Promise.resolve(NOTHING_WRONG) };
  } catch (cause) {
    return watch.guard(Promise.reject(readFailed('the device could not copy', cause)));
  }
  const { staging, failure } = run.result;
  const bytes = Promise.all([run.verdict, failure]).then(([{ outOfMemory, validation }, failed]) => {
    if (outOfMemory !== undefined) throw host.refusal(staging.sizeBytes, outOfMemory);
    if (isRefused()) throw readFailed('the device had refused the texture');
    if (validation !== undefined || failed !== undefined) {
      throw readFailed(validation ?? 'the staging buffer could not be mapped', failed?.cause);
    }
    const rows = unpad(new Uint8Array(staging.buffer.getMappedRange(0, padded.length)), padded);
    staging.buffer.unmap();
    host.staging.giveBack(staging);
    return rows;
  });
  // Whatever went wrong, that staging buffer is not trusted again; giveBack has settled the good case.
  bytes.catch(() => host.staging.discard(staging));
  return watch.guard(bytes);
}

function pad(span: LayerSpan): PaddedSpan {
  const paddedBytes = roundUp(span.rowBytes, ROW_MULTIPLE);
  return {
    span,
    paddedBytes,
    length: roundUp(paddedBytes * (span.rowCount - 1) + span.rowBytes, MAP_MULTIPLE),
  };
}

function copyOut<Texture extends WebGpuTexture, Buffer extends WebGpuBuffer>(
  { device, staging: pool }: TextureReaderHost<Texture, Buffer>,
  texture: Texture,
  { span, paddedBytes, length }: PaddedSpan,
): Landing<Buffer> {
  const staging = pool.take(length);
  try {
    const { mip, layer, x, y, width, height } = span;
    const place = { texture, mipLevel: mip, origin: { x, y, z: layer } };
    const landing = { buffer: staging.buffer, bytesPerRow: paddedBytes };
    const encoder = device.createCommandEncoder();
    encoder.copyTextureToBuffer(place, landing, { width, height, depthOrArrayLayers: 1 });
    device.queue.submit([encoder.finish()]);
    const failure = staging.buffer.mapAsync(MAP_MODE_READ, 0, length).then(
      () => undefined,
      (cause: unknown) => ({ cause }),
    );
    return { staging, failure };
  } catch (error) {
    pool.discard(staging);
    throw error;
  }
}

/** The rows without their padding, as bytes of their own. */
function unpad(bytes: Uint8Array, { span: { rowBytes, rowCount }, paddedBytes }: PaddedSpan): Uint8Array {
  const rows = new Uint8Array(rowBytes * rowCount);
  for (let row = 0; row < rowCount; row++) {
    rows.set(bytes.subarray(row * paddedBytes, row * paddedBytes + rowBytes), row * rowBytes);
  }
  return rows;
}

function roundUp(value: number, multiple: number): number {
  return Math.ceil(value / multiple) * multiple;
}

function readFailed(reason: string, cause?: unknown): BackendError {
  return new BackendError('backend-failed', `the read failed: ${reason}; try it again`, { cause });
}
