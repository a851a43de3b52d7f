/** Backends that break what the port says of clearing, adopting, mapping and timelines. */
import type { Serial } from '@gpuheap/core';
import type { MockBuffer } from '../src/index.ts';
import { type Broken, ignoreErrors } from './broken-backends.ts';

/** Backends that break clearing and adoption. */
const BROKEN_CLEARING: readonly Broken[] = [
  ['clear does nothing', 'clear: makes exactly those bytes zero', () => ({ clear: () => {} })],
  [
    'a clear takes 4 bytes too many',
    'clear: makes exactly those bytes zero',
    (sound) => ({
      clear: (buffer, offset, size) => {
        const length = offset + size + 4 <= buffer.sizeBytes ? size + 4 : size;
        sound.clear(buffer, offset, length);
      },
    }),
  ],
  [
    'clears overtake what is queued',
    'clear: comes after earlier writes and copies, before later ones',
    () => ({ clear: (buffer, offset, size) => buffer.contents.clear(offset, size) }),
  ],
  [
    'a clear of nothing clears a little',
    'clear: no bytes change nothing, at any place',
    (sound) => ({
      clear: (buffer, offset, size) => sound.clear(buffer, offset < 4 ? offset : 0, Math.max(4, size)),
    }),
  ],
  [
    'clear ignores what is wrong',
    'clear: refuses bad places and buffers, and changes nothing',
    (sound) => ({ clear: ignoreErrors((buffer, offset, size) => sound.clear(buffer, offset, size)) }),
  ],
  [
    'adopting twice is fine',
    'adoptBuffer: refuses what is known, dead or no buffer, and bad descriptors',
    (sound) => ({
      adoptBuffer: ignoreErrors((buffer, descriptor) => sound.adoptBuffer(buffer, descriptor)),
    }),
  ],
  [
    'what was adopted is destroyed with the others',
    'adoptBuffer: destroyBuffer forgets what was adopted and destroys nothing',
    (sound) => ({
      destroyBuffer: (buffer) => {
        sound.destroyBuffer(buffer);
        buffer.contents.write = () => {};
      },
    }),
  ],
  [
    'dispose takes what was adopted along',
    'adoptBuffer: dispose forgets what was adopted and destroys nothing',
    (sound) => {
      const adopted: MockBuffer[] = [];
      return {
        adoptBuffer: (buffer, descriptor) => {
          sound.adoptBuffer(buffer, descriptor);
          adopted.push(buffer);
        },
        dispose: () => {
          sound.dispose();
          for (const buffer of adopted) buffer.contents.release();
        },
      };
    },
  ],
];

/** Backends that break mapping. */
const BROKEN_MAPS: readonly Broken[] = [
  [
    'what is born mapped is a copy',
    'createBuffer: mapped is born with its bytes, all zero',
    (sound) => ({
      createBuffer: (descriptor) => {
        const created = sound.createBuffer(descriptor);
        return created.bytes === undefined ? created : { ...created, bytes: created.bytes.slice() };
      },
    }),
  ],
  [
    'what was mapped stays with the CPU',
    'map: any part, again and again; the rest stays',
    (sound) => {
      const copies = new Map<MockBuffer, Uint8Array>();
      const originals = new Map<MockBuffer, Uint8Array>();
      return {
        map: async (buffer, offset, size) => {
          const bytes = await sound.map(buffer, offset, size);
          originals.set(buffer, bytes);
          copies.set(buffer, bytes.slice());
          return copies.get(buffer) as Uint8Array;
        },
        unmap: (buffer) => {
          originals.get(buffer)?.set(copies.get(buffer) as Uint8Array);
          sound.unmap(buffer);
        },
      };
    },
  ],
  [
    'a map shows zeros, not what is there',
    'map: any part, again and again; the rest stays',
    (sound) => ({
      map: async (buffer, offset, size) => (await sound.map(buffer, offset, size)).fill(0),
    }),
  ],
  [
    'a map ignores its offset',
    'map: any part, again and again; the rest stays',
    (sound) => ({
      map: async (buffer, offset, size) => {
        await sound.map(buffer, offset, size);
        const bytes = buffer.contents.read(0, size);
        buffer.give({ offset: 0, bytes });
        return bytes;
      },
    }),
  ],
  [
    'a map waits for nobody',
    'map: waits for the work that uses the buffer, which sees the bytes of before',
    () => ({
      map: async (buffer, offset, size) => {
        const bytes = buffer.contents.read(offset, size);
        buffer.give({ offset, bytes });
        return bytes;
      },
    }),
  ],
  [
    'a mapped buffer is copied from all the same',
    'map: while it is mapped or about to be, all else refuses the buffer',
    (sound) => ({
      copy: ignoreErrors((regions) => sound.copy(regions)),
    }),
  ],
  [
    'unmap may be called whenever one likes',
    'map: while it is mapped or about to be, all else refuses the buffer',
    (sound) => ({ unmap: ignoreErrors((buffer) => sound.unmap(buffer)) }),
  ],
  [
    'a readback buffer that is read takes writes',
    'read: while a readback buffer is read, all else refuses it',
    (sound) => ({ write: ignoreErrors((buffer, offset, data) => sound.write(buffer, offset, data)) }),
  ],
  [
    'a map of a destroyed buffer ends well',
    'destroyBuffer: ends a mapping, and rejects one that is pending',
    (sound) => ({
      map: (buffer, offset, size) => sound.map(buffer, offset, size).catch(() => new Uint8Array(size)),
    }),
  ],
  [
    'mapping is refused by rejecting',
    'map: refuses bad places, and changes nothing',
    (sound) => ({ map: async (buffer, offset, size) => sound.map(buffer, offset, size) }),
  ],
  [
    'a map of nothing maps a little',
    'map: refuses bad places, and changes nothing',
    (sound) => ({ map: (buffer, offset, size) => sound.map(buffer, offset, size === 0 ? 4 : size) }),
  ],
  [
    'all buffers can be unmapped',
    'map, unmap: refuse buffers without MAP_WRITE, and what is none',
    (sound) => ({ unmap: ignoreErrors((buffer) => sound.unmap(buffer)) }),
  ],
  [
    'mapped is taken for a wish',
    'createBuffer: mapped goes with MAP_WRITE, and is true or false',
    (sound) => ({
      createBuffer: ({ mapped, ...descriptor }) =>
        sound.createBuffer({ ...descriptor, mapped: mapped === true && (descriptor.usage & 2) !== 0 }),
    }),
  ],
  [
    'MAP_WRITE goes with everything',
    'createBuffer: MAP_READ goes with COPY_DST, MAP_WRITE with COPY_SRC, both with host memory',
    (sound) => ({
      createBuffer: ({ usage, ...descriptor }) =>
        sound.createBuffer({ ...descriptor, usage: (usage & 2) !== 0 ? usage & 0x3fc : usage }),
    }),
  ],
  [
    'mapped arrays outlive the backend',
    'dispose: takes the bytes of every mapped buffer',
    (sound) => ({
      createBuffer: (descriptor) => {
        const created = sound.createBuffer(descriptor);
        return created.bytes === undefined ? created : { ...created, bytes: created.bytes.slice() };
      },
    }),
  ],
  [
    'maps end well with the device',
    'loss: afterwards nothing is made, read, mapped or reached',
    (sound) => ({
      map: (buffer, offset, size) => sound.map(buffer, offset, size).catch(() => new Uint8Array(size)),
    }),
  ],
];

/** Backends that confuse their timelines. */
const BROKEN_TIMELINES: readonly Broken[] = [
  [
    'there is no timeline',
    'timelineCount: is 1 or more, and 1 where one queue orders all',
    () => ({ timelineCount: 0 }),
  ],
  [
    'every timeline numbers for itself',
    'signal: one numbering serves all timelines',
    (sound) => {
      const serials: Serial[] = [];
      return {
        signal: (timeline = 0) => {
          sound.signal(timeline);
          serials[timeline] = (serials[timeline] ?? 0) + 1;
          return serials[timeline];
        },
      };
    },
  ],
  [
    'completedSerial looks at timeline 0 alone',
    'completedOn: comes as far as the signals of its timeline, completedSerial as far as all',
    (sound) => ({
      get completedSerial() {
        return sound.completedOn(0);
      },
    }),
  ],
  [
    'all timelines are taken for one',
    'completedOn: comes as far as the signals of its timeline, completedSerial as far as all',
    (sound) => ({ completedOn: () => sound.completedSerial }),
  ],
  [
    'every signal goes to timeline 0',
    'completedOn: comes as far as the signals of its timeline, completedSerial as far as all',
    (sound) => ({ signal: () => sound.signal() }),
  ],
  [
    'any number is a timeline',
    'signal, completedOn: refuse timelines that do not exist',
    (sound) => ({ completedOn: () => sound.completedOn(0) }),
  ],
];

/** All of them. */
export const BROKEN_MAPPING: readonly Broken[] = [...BROKEN_CLEARING, ...BROKEN_MAPS, ...BROKEN_TIMELINES];
