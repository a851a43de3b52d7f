/**
 * Virtual memory: the bytes of a mock buffer, real where something was written and zero elsewhere.
 *
 * Layout   tiles of 64 KiB in a map, made at the first write that touches them.
 * Cost     read, write: O(bytes). A buffer of any size up to 2^53-1 bytes costs only what was written.
 */
const TILE_BYTES = 65_536;

export class VirtualMemory {
  private readonly tiles = new Map<number, Uint8Array>();

  /** Bytes from `offset` on. */
  read(offset: number, size: number): Uint8Array {
    const out = new Uint8Array(size);
    for (let done = 0; done < size; ) {
      const inTile = (offset + done) % TILE_BYTES;
      const count = Math.min(size - done, TILE_BYTES - inTile);
      const tile = this.tiles.get((offset + done - inTile) / TILE_BYTES);
      if (tile !== undefined) out.set(tile.subarray(inTile, inTile + count), done);
      done += count;
    }
    return out;
  }

  /** Stores bytes from `offset` on. */
  write(offset: number, bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length; ) {
      const inTile = (offset + done) % TILE_BYTES;
      const count = Math.min(bytes.length - done, TILE_BYTES - inTile);
      const number = (offset + done - inTile) / TILE_BYTES;
      let tile = this.tiles.get(number);
      if (tile === undefined) {
        tile = new Uint8Array(TILE_BYTES);
        this.tiles.set(number, tile);
      }
      tile.set(bytes.subarray(done, done + count), inTile);
      done += count;
    }
  }

  /** Gives all bytes back. */
  clear(): void {
    this.tiles.clear();
  }
}
