/** What serials promise: they grow, and what is reached stays reached. */
import type { Serial } from '@gpuheap/core/backend';
import { expectCode, expectEqual, expectThat } from './assertions.ts';
import { BAD_BYTES, describeValue } from './bad-values.ts';
import type { BackendContractCase } from './contract-case.ts';
import { nextTurn } from './event-loop.ts';
import { BOTH_WAYS, backendCase, patternOf } from './session.ts';

const grow = backendCase('signal: serials are safe integers that grow by at least 1', async (session) => {
  const { backend } = session;
  let last: Serial = backend.completedSerial;
  for (let turn = 0; turn < 50; turn++) {
    const serial = backend.signal();
    expectThat(Number.isSafeInteger(serial), `serial ${serial} is a safe integer`);
    expectThat(serial >= last + 1, `serial ${serial} is beyond ${last}`);
    last = serial;
  }
  expectThat((await session.finish()) > last, 'the next serial is beyond them all');
});

const reached = backendCase(
  'whenCompleted: resolves when completedSerial has come so far',
  async (session) => {
    const { backend } = session;
    const size = session.up(1024);
    const buffer = session.make(size);
    const waits: Promise<void>[] = [];
    for (let turn = 0; turn < 20; turn++) {
      backend.write(buffer, 0, patternOf(turn, size));
      const serial = backend.signal();
      const wait = backend.whenCompleted(serial).then((value) => {
        expectEqual(value, undefined, `what whenCompleted(${serial}) resolves with`);
        expectThat(backend.completedSerial >= serial, `completedSerial has come to ${serial}`);
      });
      waits.push(wait);
    }
    // Nothing has advanced yet: a wait that is over in the next turn must have been right all the same.
    const all = Promise.all(waits);
    await Promise.race([all, nextTurn()]);
    await session.after(all);
  },
);

const backwards = backendCase(
  'whenCompleted: serials may be waited for in any order, and more than once',
  async (session) => {
    const { backend } = session;
    const serials = Array.from({ length: 10 }, () => backend.signal());
    const waits = [...serials]
      .reverse()
      .flatMap((serial) => [backend.whenCompleted(serial), backend.whenCompleted(serial)]);
    await session.after(Promise.all(waits));
    expectThat(backend.completedSerial >= (serials.at(-1) ?? 0), 'completedSerial has come to the last');
    for (const serial of serials) await session.after(backend.whenCompleted(serial));
    await session.after(backend.whenCompleted(0));
  },
);

const onlyGrows = backendCase(
  'completedSerial: only grows, and never beyond what was signalled',
  async (session) => {
    const { backend } = session;
    let last = backend.completedSerial;
    let signalled: Serial = 0;
    const look = (when: string): void => {
      const now = backend.completedSerial;
      expectThat(now >= last, `completedSerial ${now} is not below ${last}, ${when}`);
      expectThat(now <= signalled, `completedSerial ${now} is not beyond ${signalled}, ${when}`);
      last = now;
    };
    for (let turn = 0; turn < 30; turn++) {
      look('before a signal');
      signalled = backend.signal();
      look('after a signal');
      const wait = backend.whenCompleted(signalled);
      if (turn % 3 !== 0) continue;
      await session.opened.advance();
      look('after the device advanced');
      await wait;
      look('after a wait');
      expectThat(last >= signalled, `completedSerial has come to ${signalled}`);
    }
  },
);

const neverSignalled = backendCase(
  'whenCompleted: refuses serials that were never signalled',
  async (session) => {
    const { backend } = session;
    for (const serial of [1, 2, 1000, 2 ** 52]) {
      expectCode(
        () => backend.whenCompleted(serial),
        'bad-argument',
        `whenCompleted(${serial}) without a signal`,
      );
    }
    const last = backend.signal();
    for (const serial of [...BAD_BYTES, last + 1, last + 1000, 2 ** 52]) {
      const what = `whenCompleted(${describeValue(serial)}) after ${last}`;
      expectCode(() => backend.whenCompleted(serial as Serial), 'bad-argument', what);
    }
    await session.after(backend.whenCompleted(last));
  },
);

const afterWork = backendCase('signal: is reached after everything submitted before it', async (session) => {
  const { backend } = session;
  const size = session.up(65_536);
  const buffers = Array.from({ length: 20 }, (_, seed) =>
    session.make(size, BOTH_WAYS, patternOf(seed, size)),
  );
  for (const [index, target] of buffers.entries()) {
    const source = buffers[(index + 1) % buffers.length];
    backend.copy([{ source, sourceOffset: 0, target, targetOffset: 0, size }]);
  }
  const serial = await session.finish();
  expectThat(backend.completedSerial >= serial, 'completedSerial has come to the signal');
  await session.expectContent(buffers[0], patternOf(1, size), 'the first buffer');
  await session.expectContent(buffers[19], patternOf(1, size), 'the last buffer');
});

/** Cases on `signal`, `whenCompleted` and `completedSerial`. */
export const fenceCases: readonly BackendContractCase[] = [
  grow,
  reached,
  backwards,
  onlyGrows,
  neverSignalled,
  afterWork,
];
