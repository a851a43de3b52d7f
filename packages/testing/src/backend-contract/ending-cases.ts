/** How a backend ends: by `dispose`, or with its device. */
import { expectBytes, expectCode, expectEqual, expectRejection, expectThat } from './assertions.ts';
import type { BackendContractCase } from './contract-case.ts';
import { watchRejections } from './rejection-watch.ts';
import { BOTH_WAYS, backendCase, patternOf, type Session } from './session.ts';

/** Promises of every kind, made and not waited for. */
function openPromises(session: Session, buffer: unknown) {
  const { backend } = session;
  const memoryType = session.defaultMemoryType;
  const { settled } = backend.createBuffer({ size: session.up(64), usage: BOTH_WAYS, memoryType });
  const serial = backend.signal();
  const upload = session.makeUpload(session.up(64));
  const readback = session.makeReadback(session.up(64));
  return {
    settled,
    read: backend.read(buffer, 0, session.step),
    emptyRead: backend.read(buffer, 0, 0),
    mappedRead: readback === undefined ? undefined : backend.read(readback, 0, 16),
    map: upload === undefined ? undefined : backend.map(upload, 0, 16),
    wait: backend.whenCompleted(serial),
    sameWait: backend.whenCompleted(serial),
  };
}

/**
 * Throws unless every promise settles: with `device-lost`, or, where the device was quicker than the end,
 * with what it was asked for.
 */
async function expectEnded(
  session: Session,
  open: ReturnType<typeof openPromises>,
  bytes: Uint8Array,
): Promise<void> {
  const orLost = <T>(promise: Promise<T>, what: string, look: (value: T) => void) =>
    expectAnswerOrLoss(session.after(promise), what, look);
  const { settled, read, emptyRead, mappedRead, map, wait, sameWait } = open;
  await orLost(read, 'the read', (value) => expectBytes(value, bytes, 'the read'));
  await orLost(emptyRead, 'the read of nothing', (value) =>
    expectBytes(value, new Uint8Array(0), 'no bytes'),
  );
  for (const promise of [mappedRead, map]) {
    if (promise !== undefined) await orLost(promise, 'a mapping', () => {});
  }
  for (const promise of [settled, wait, sameWait]) {
    await orLost(promise, 'a wait', (value) => expectEqual(value, undefined, 'what a wait resolves with'));
  }
}

async function expectAnswerOrLoss<T>(
  promise: Promise<T>,
  what: string,
  look: (value: T) => void,
): Promise<void> {
  const outcome = await promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  if ('value' in outcome) look(outcome.value);
  else await expectRejection(Promise.reject(outcome.error), 'device-lost', what);
}

async function expectQuiet(body: () => Promise<void>): Promise<void> {
  const unhandled = await watchRejections(body);
  expectEqual(unhandled.map(String).join('; '), '', 'rejections that nobody handled');
}

const afterwards = backendCase('dispose: every other call throws afterwards', async (session) => {
  const { backend } = session;
  const size = session.up(64);
  const buffer = session.make(size);
  const serial = backend.signal();
  backend.dispose();
  const memoryType = session.defaultMemoryType;
  const region = { source: buffer, sourceOffset: 0, target: buffer, targetOffset: 0, size };
  const calls: Record<string, () => unknown> = {
    createBuffer: () => backend.createBuffer({ size, usage: BOTH_WAYS, memoryType }),
    adoptBuffer: () => backend.adoptBuffer(buffer, { size, usage: BOTH_WAYS }),
    destroyBuffer: () => backend.destroyBuffer(buffer),
    write: () => backend.write(buffer, 0, new Uint8Array(size)),
    clear: () => backend.clear(buffer, 0, size),
    copy: () => backend.copy([region]),
    'copy of nothing': () => backend.copy([]),
    read: () => backend.read(buffer, 0, size),
    map: () => backend.map(buffer, 0, size),
    unmap: () => backend.unmap(buffer),
    signal: () => backend.signal(),
    completedOn: () => backend.completedOn(0),
    whenCompleted: () => backend.whenCompleted(serial),
  };
  for (const [name, call] of Object.entries(calls)) expectCode(call, 'disposed', `${name} after dispose`);
});

const twice = backendCase('dispose: may be called twice', async ({ backend, opened }) => {
  backend.dispose();
  backend.dispose();
  await opened.advance();
  backend.dispose();
  expectEqual(backend.isLost, true, 'isLost');
  expectEqual(backend.stagingBytes, 0, 'stagingBytes');
});

const announced = backendCase('dispose: lost resolves, as destroyed', async (session) => {
  const { backend } = session;
  const before = backend.lost;
  backend.dispose();
  expectEqual(backend.isLost, true, 'isLost');
  const loss = await session.after(before);
  expectEqual(loss.reason, 'destroyed', 'the reason');
  expectEqual(typeof loss.message, 'string', 'type of the message');
  expectEqual((await session.after(backend.lost)).reason, 'destroyed', 'the reason, asked later');
});

const settlesAll = backendCase(
  'dispose: settles every promise, with device-lost what was under way',
  async (session) => {
    const size = session.up(64);
    const buffer = session.make(size, BOTH_WAYS, patternOf(140, size));
    const open = openPromises(session, buffer);
    session.backend.dispose();
    await expectEnded(session, open, patternOf(140, size).slice(0, session.step));
  },
);

const detaches = backendCase('dispose: takes the bytes of every mapped buffer', async (session) => {
  const born = session.makeMapped(session.up(64));
  const upload = session.makeUpload(session.up(64));
  if (born === undefined) return;
  const mapped = await session.after(session.backend.map(upload, 0, 16));
  session.backend.dispose();
  expectEqual(born.bytes.length, 0, 'length of the array of a buffer that was born mapped');
  expectEqual(mapped.length, 0, 'length of the array of a buffer that was mapped');
});

const quietDispose = backendCase('dispose: leaves no rejection unhandled', async (session) => {
  await expectQuiet(async () => {
    const size = session.up(64);
    openPromises(session, session.make(size));
    session.backend.dispose();
    await session.opened.advance();
  });
});

const deviceStays = backendCase(
  'dispose: the device goes on, and so do other backends on it',
  async (session) => {
    const sibling = session.sibling();
    const size = session.up(64);
    const kept = sibling.make(size, BOTH_WAYS, patternOf(141, size));
    const pending = sibling.backend.read(kept, 0, size);
    session.make(size, BOTH_WAYS, patternOf(142, size));
    session.backend.dispose();
    expectEqual((await sibling.after(pending)).length, size, 'length of the read that was under way');
    await sibling.expectContent(kept, patternOf(141, size), "the sibling's buffer");
    expectEqual(sibling.backend.isLost, false, "the sibling's isLost");
    const later = session.sibling();
    const made = later.make(size, BOTH_WAYS, patternOf(143, size));
    await later.expectContent(made, patternOf(143, size), 'a buffer of a backend opened later');
  },
  'sibling',
);

/** Loses the device and waits until the backend knows. */
async function lose(session: Session): Promise<void> {
  expectThat(session.opened.lose !== undefined, 'the environment claims loss and opens with lose()');
  session.opened.lose();
  await session.after(session.backend.lost);
}

const lossTold = backendCase(
  'loss: lost resolves with a reason, and isLost says so',
  async (session) => {
    const told = session.backend.lost;
    await lose(session);
    const { reason, message } = await session.after(told);
    expectThat(
      reason === 'unknown' || reason === 'destroyed',
      `the reason ${reason} is one of its two words`,
    );
    expectEqual(typeof message, 'string', 'type of the message');
    expectEqual(session.backend.isLost, true, 'isLost');
  },
  'loss',
);

const lossSettles = backendCase(
  'loss: settles every promise, with device-lost what was under way',
  async (session) => {
    const size = session.up(64);
    const open = openPromises(session, session.make(size, BOTH_WAYS, patternOf(144, size)));
    await lose(session);
    await expectEnded(session, open, patternOf(144, size).slice(0, session.step));
  },
  'loss',
);

const lossRefuses = backendCase(
  'loss: afterwards nothing is made, read, mapped or reached',
  async (session) => {
    const { backend } = session;
    const size = session.up(64);
    const memoryType = session.defaultMemoryType;
    const buffer = session.make(size);
    const upload = session.makeUpload(size);
    const reached = await session.finish();
    await lose(session);
    const create = () => backend.createBuffer({ size, usage: BOTH_WAYS, memoryType });
    expectCode(create, 'device-lost', 'createBuffer');
    await expectRejection(session.after(backend.read(buffer, 0, size)), 'device-lost', 'read');
    for (const each of upload === undefined ? [] : [upload, upload]) {
      await expectRejection(session.after(backend.map(each, 0, size)), 'device-lost', 'map');
    }
    const before = backend.completedSerial;
    expectThat(before >= reached, 'completedSerial is where it was');
    const serial = backend.signal();
    expectThat(serial > reached, 'serials still grow');
    await expectRejection(session.after(backend.whenCompleted(serial)), 'device-lost', 'whenCompleted');
    expectEqual(backend.completedSerial, before, 'completedSerial');
  },
  'loss',
);

const lossTolerates = backendCase(
  'loss: bad calls are still refused, good ones do nothing, and buffers can be given back',
  async (session) => {
    const { backend, step } = session;
    const size = session.up(64);
    const [first, second] = [session.make(size), session.make(size)];
    const born = session.makeMapped(size);
    await session.finish();
    await lose(session);
    const region = { source: first, sourceOffset: 0, target: second, targetOffset: 0, size };
    backend.write(first, 0, new Uint8Array(step));
    backend.clear(first, 0, step);
    backend.copy([region]);
    expectCode(
      () => backend.write(first, size, new Uint8Array(step)),
      'out-of-bounds',
      'write beyond the end',
    );
    expectCode(() => backend.clear(first, 0, size + step), 'out-of-bounds', 'clear beyond the end');
    if (born !== undefined) {
      backend.unmap(born.buffer);
      expectCode(() => backend.unmap(born.buffer), 'not-mapped', 'unmap again');
    }
    expectCode(() => backend.copy([{ ...region, target: first }]), 'same-buffer', 'copy over itself');
    expectCode(() => backend.read(first, 0, size + 1), 'out-of-bounds', 'read beyond the end');
    expectCode(() => backend.whenCompleted(2 ** 52), 'bad-argument', 'wait for what was never signalled');
    backend.destroyBuffer(first);
    expectCode(() => backend.write(first, 0, new Uint8Array(step)), 'dead-buffer', 'write to the dead');
    backend.dispose();
    expectCode(() => backend.signal(), 'disposed', 'signal after dispose');
  },
  'loss',
);

const quietLoss = backendCase(
  'loss: leaves no rejection unhandled',
  async (session) => {
    await expectQuiet(async () => {
      const buffer = session.make(session.up(64));
      openPromises(session, buffer);
      await lose(session);
      session.backend.read(buffer, 0, session.step);
      session.backend.whenCompleted(session.backend.signal());
      session.backend.dispose();
    });
  },
  'loss',
);

/** Cases on `dispose`, `lost` and `isLost`. */
export const endingCases: readonly BackendContractCase[] = [
  afterwards,
  twice,
  announced,
  settlesAll,
  detaches,
  quietDispose,
  deviceStays,
  lossTold,
  lossSettles,
  lossRefuses,
  lossTolerates,
  quietLoss,
];
