/** Backends that each break one sentence of the port, and the case of the suite that must notice. */
import { BackendError, type CreatedBuffer, type GpuBackend, UsageError } from '@gpuheap/core';
import type { MockBuffer } from '../src/index.ts';

type Backend = GpuBackend<MockBuffer>;
/** The methods that differ, given the sound backend. */
export type Break = (sound: Backend) => Partial<{ -readonly [Key in keyof Backend]: Backend[Key] }>;

/** A backend that is `sound` but for what `change` says. */
export function breakBackend(sound: Backend, change: Break): Backend {
  const changes = change(sound);
  return new Proxy(sound, {
    get(target, key) {
      if (Object.hasOwn(changes, key)) return Reflect.get(changes, key, changes);
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

export function ignoreErrors<Arguments extends unknown[]>(act: (...values: Arguments) => void) {
  return (...values: Arguments): void => {
    try {
      act(...values);
    } catch {}
  };
}

/** What is broken, a case that fails for it, and how it is broken. */
export type Broken = readonly [what: string, noticedBy: string, change: Break];

/** Backends that break what the port says of buffers, bytes and fences. */
export const BROKEN: readonly Broken[] = [
  [
    'write is off by 4',
    'write: bytes come back from every size and offset',
    (sound) => ({
      write: (buffer, offset, data) =>
        sound.write(buffer, offset + data.byteLength + 4 <= buffer.sizeBytes ? offset + 4 : offset, data),
    }),
  ],
  [
    'write takes its data when the next call comes',
    'write: the data is taken at once',
    (sound) => {
      let late = (): void => {};
      const catchUp = (next = (): void => {}): void => {
        late();
        late = next;
      };
      return {
        write: (buffer, offset, data) => catchUp(() => sound.write(buffer, offset, data)),
        read: (buffer, offset, size) => {
          catchUp();
          return sound.read(buffer, offset, size);
        },
      };
    },
  ],
  [
    'write forgets where a view begins in its memory',
    'write: takes every kind of view',
    (sound) => ({
      write: (buffer, offset, data) =>
        sound.write(buffer, offset, new Uint8Array(data.buffer, 0, data.byteLength)),
    }),
  ],
  [
    'write of too much writes what fits, then complains',
    'write: refuses bad places, data and buffers, and changes nothing',
    (sound) => ({
      write: (buffer, offset, data) => {
        if (ArrayBuffer.isView(data) && offset === 0 && data.byteLength > buffer?.sizeBytes) {
          sound.write(buffer, 0, new Uint8Array(data.buffer, data.byteOffset, buffer.sizeBytes));
        }
        sound.write(buffer, offset, data);
      },
    }),
  ],
  [
    'write ignores what is wrong',
    'write: refuses bad places, data and buffers, and changes nothing',
    (sound) => ({ write: ignoreErrors((buffer, offset, data) => sound.write(buffer, offset, data)) }),
  ],
  [
    'write has one code for everything',
    'write: refuses bad places, data and buffers, and changes nothing',
    (sound) => ({
      write: (buffer, offset, data) => {
        try {
          sound.write(buffer, offset, data);
        } catch {
          throw new UsageError('bad-argument', 'something is wrong');
        }
      },
    }),
  ],
  [
    'read ignores its offset',
    'read: any offset and size, odd ones too',
    (sound) => ({
      read: (buffer, offset, size) => {
        sound.read(buffer, offset, size);
        return sound.read(buffer, 0, size);
      },
    }),
  ],
  [
    'read rounds its offset down to 4',
    'read: any offset and size, odd ones too',
    (sound) => ({ read: (buffer, offset, size) => sound.read(buffer, offset - (offset % 4), size) }),
  ],
  [
    'read looks a little later',
    'read: sees what was submitted before it, and nothing that comes after',
    (sound) => ({
      read: (buffer, offset, size) => Promise.resolve().then(() => sound.read(buffer, offset, size)),
    }),
  ],
  [
    'read refuses by rejecting',
    'read: refuses bad places and buffers at once',
    (sound) => ({ read: async (buffer, offset, size) => sound.read(buffer, offset, size) }),
  ],
  [
    'read answers always into the same memory',
    'read: the answer belongs to the caller',
    (sound) => {
      const memory = new Uint8Array(65_536);
      return {
        read: async (buffer, offset, size) => {
          const bytes = memory.subarray(0, size);
          bytes.set(await sound.read(buffer, offset, size));
          return bytes;
        },
      };
    },
  ],
  [
    'reads of nothing answer a byte',
    'read: no bytes, at any place, are no bytes',
    (sound) => ({ read: (buffer, offset, size) => sound.read(buffer, offset, Math.max(1, size)) }),
  ],
  [
    'staging is never given back',
    'stagingBytes: is bounded however many reads there are',
    (sound) => {
      let stagingBytes = 0;
      return {
        get stagingBytes() {
          return stagingBytes;
        },
        read: (buffer, offset, size) => {
          stagingBytes += size;
          return sound.read(buffer, offset, size);
        },
      };
    },
  ],
  [
    'copies run backwards',
    'copy: runs its regions in order: a to b to c to d in one call',
    (sound) => ({ copy: (regions) => sound.copy([...regions].reverse()) }),
  ],
  [
    'only the first region is copied',
    'copy: hundreds of regions in one call',
    (sound) => ({ copy: (regions) => sound.copy(regions.slice(0, 1)) }),
  ],
  [
    'regions are checked one by one',
    'copy: all regions are checked before the first is recorded',
    (sound) => ({
      copy: (regions) => {
        for (const region of regions) sound.copy([region]);
      },
    }),
  ],
  [
    'copies overtake writes',
    'copy: comes after earlier writes and before later ones',
    (sound) => {
      let waiting: (() => void)[] = [];
      const catchUp = (): void => {
        for (const act of waiting) act();
        waiting = [];
      };
      return {
        write: (buffer, offset, data) => {
          const taken = new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice();
          waiting.push(() => sound.write(buffer, offset, taken));
        },
        read: (buffer, offset, size) => {
          catchUp();
          return sound.read(buffer, offset, size);
        },
      };
    },
  ],
  [
    'a copy moves 4 bytes too many',
    'copy: moves exactly the bytes of the region',
    (sound) => ({
      copy: (regions) =>
        sound.copy(
          regions.map((region) => {
            const { sourceOffset, targetOffset, size } = region;
            const end = Math.max(sourceOffset, targetOffset) + size + 4;
            return end <= region.source.sizeBytes ? { ...region, size: size + 4 } : region;
          }),
        ),
    }),
  ],
  [
    'destroyBuffer does nothing',
    'destroyBuffer: anything after is refused, and changes nothing',
    () => ({ destroyBuffer: () => {} }),
  ],
  [
    'destroyBuffer takes the bytes from earlier work',
    'destroyBuffer: work submitted before still sees the buffer',
    (sound) => ({
      destroyBuffer: (buffer) => {
        sound.destroyBuffer(buffer);
        buffer.contents.write = () => {};
      },
    }),
  ],
  [
    'new buffers are dirty',
    'createBuffer: a new buffer reads as zero',
    (sound) => ({
      createBuffer: (descriptor): CreatedBuffer<MockBuffer> => {
        const created = sound.createBuffer(descriptor);
        created.buffer.contents.write(0, Uint8Array.of(1));
        return created;
      },
    }),
  ],
  [
    'settled never tells the truth',
    'createBuffer: settled resolves with nothing once granted',
    (sound) => ({
      createBuffer: (descriptor) => {
        const settled = Promise.reject(new BackendError('backend-failed', 'never granted'));
        settled.catch(() => {});
        return { ...sound.createBuffer(descriptor), settled };
      },
    }),
  ],
  [
    'sizes are rounded up in silence',
    'createBuffer: refuses sizes that are no positive multiple',
    (sound) => ({
      createBuffer: (descriptor) =>
        sound.createBuffer({ ...descriptor, size: Math.ceil(descriptor.size / 4) * 4 }),
    }),
  ],
  [
    'serials repeat',
    'signal: serials are safe integers that grow by at least 1',
    (sound) => ({ signal: () => Math.ceil(sound.signal() / 2) }),
  ],
  [
    'waits are over at once',
    'whenCompleted: resolves when completedSerial has come so far',
    (sound) => ({
      whenCompleted: async (serial) => {
        sound.whenCompleted(serial);
      },
    }),
  ],
  [
    'everything counts as completed',
    'completedSerial: only grows, and never beyond what was signalled',
    () => ({ completedSerial: 1000 }),
  ],
  [
    'any serial can be waited for',
    'whenCompleted: refuses serials that were never signalled',
    (sound) => ({ whenCompleted: () => sound.whenCompleted(0) }),
  ],
  [
    'dispose forgets to close the door',
    'dispose: every other call throws afterwards',
    () => ({ dispose: () => {} }),
  ],
  [
    'the loss is kept secret',
    'loss: lost resolves with a reason, and isLost says so',
    () => ({ isLost: false }),
  ],
  [
    'waits end well with the device',
    'loss: afterwards nothing is made, read, mapped or reached',
    (sound) => ({ whenCompleted: (serial) => sound.whenCompleted(serial).catch(() => {}) }),
  ],
  [
    'limits are nonsense',
    'limits: are positive safe integers that go together',
    (sound) => ({ limits: { ...sound.limits, uniformOffsetAlignment: 6 } }),
  ],
  ['there is no memory', 'memoryTypes: there is one, and each is described', () => ({ memoryTypes: [] })],
  [
    'it begins lost',
    'state: begins at no serial, without staging and not lost',
    () => ({ lost: Promise.resolve({ reason: 'unknown', message: 'lost' }) }),
  ],
];
