/**
 * Uses Dawn and ends in the way that the first argument names: the process must then end by itself.
 *
 * `close` ends the device, `forget` does not, `midway` does neither and leaves a read and a fence under way,
 * `exit` leaves by process.exit in the middle of them. `worker` does what `close` does in a worker thread.
 */
import { isMainThread, SHARE_ENV, Worker } from 'node:worker_threads';
import { BufferUsage } from '@gpuheap/core';
import { openDawn } from '@gpuheap/dawn-node';

const way = process.argv[2];

async function useDawn(): Promise<void> {
  const dawn = await openDawn({ device: 'software' });
  const backend = dawn.backend();
  const usage = BufferUsage.COPY_SRC | BufferUsage.COPY_DST;
  const { buffer } = backend.createBuffer({ size: 1 << 22, usage, memoryType: 0 });
  backend.write(buffer, 0, new Uint8Array(1 << 22).fill(7));
  const serial = backend.signal();
  const read = backend.read(buffer, 0, 1 << 22);
  if (way !== 'midway' && way !== 'exit') {
    await backend.whenCompleted(serial);
    const bytes = await read;
    if (bytes.some((byte) => byte !== 7)) throw new Error('the bytes read are not those written');
  }
  if (way === 'close' || way === 'worker') {
    backend.dispose();
    dawn.close();
  }
  process.stdout.write(`ends by ${way}\n`);
  if (way === 'exit') process.exit(0);
}

if (way === 'worker' && isMainThread) {
  new Worker(new URL(import.meta.url), { argv: [way], env: SHARE_ENV });
} else {
  await useDawn();
}
