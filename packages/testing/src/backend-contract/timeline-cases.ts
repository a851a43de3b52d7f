/** What several timelines promise, and a single one too: one numbering, and each its own pace. */
import type { Serial } from '@gpuheap/core/backend';
import { expectCode, expectEqual, expectThat } from './assertions.ts';
import { BAD_BYTES, describeValue } from './bad-values.ts';
import type { BackendContractCase } from './contract-case.ts';
import { backendCase, type Session } from './session.ts';

function timelinesOf({ backend }: Session): number[] {
  return Array.from({ length: backend.timelineCount }, (_, timeline) => timeline);
}

const count = backendCase(
  'timelineCount: is 1 or more, and 1 where one queue orders all',
  async (session) => {
    const { timelineCount, reuseAfter } = session.backend;
    expectThat(Number.isSafeInteger(timelineCount) && timelineCount >= 1, 'timelineCount is 1 or more');
    if (reuseAfter === 'submitted') expectEqual(timelineCount, 1, 'timelineCount beside submitted');
    for (const timeline of timelinesOf(session)) {
      expectEqual(session.backend.completedOn(timeline), 0, `completedOn(${timeline}) at first`);
    }
  },
);

const numbering = backendCase('signal: one numbering serves all timelines', async (session) => {
  const { backend } = session;
  let last: Serial = 0;
  for (let turn = 0; turn < 20; turn++) {
    for (const timeline of turn % 2 === 0 ? timelinesOf(session) : timelinesOf(session).reverse()) {
      const serial = backend.signal(timeline);
      expectThat(Number.isSafeInteger(serial) && serial > last, `serial ${serial} is beyond ${last}`);
      last = serial;
    }
  }
  await session.after(backend.whenCompleted(last));
  const serial = backend.signal();
  await session.after(backend.whenCompleted(serial));
  expectEqual(backend.completedOn(0), serial, 'completedOn(0) after a signal without a timeline');
});

const pace = backendCase(
  'completedOn: comes as far as the signals of its timeline, completedSerial as far as all',
  async (session) => {
    const { backend } = session;
    const latest = timelinesOf(session).map(() => 0);
    const seen = timelinesOf(session).map(() => 0);
    const signalled: { timeline: number; serial: Serial }[] = [];
    const waits: Promise<void>[] = [];
    const look = (): void => {
      for (const [timeline, before] of seen.entries()) {
        const now = backend.completedOn(timeline);
        expectThat(now >= before, `completedOn(${timeline}) ${now} is not below ${before}`);
        expectThat(now <= (latest[timeline] ?? 0), `completedOn(${timeline}) ${now} was signalled there`);
        seen[timeline] = now;
      }
      const all = backend.completedSerial;
      for (const { timeline, serial } of signalled) {
        if (serial > all) continue;
        expectThat((seen[timeline] ?? 0) >= serial, `${serial} is reached, as completedSerial ${all} says`);
      }
    };
    for (let turn = 0; turn < 24; turn++) {
      const timeline = (turn * turn) % backend.timelineCount;
      const serial = backend.signal(timeline);
      latest[timeline] = serial;
      signalled.push({ timeline, serial });
      const wait = backend.whenCompleted(serial).then(() => {
        expectThat(backend.completedOn(timeline) >= serial, `timeline ${timeline} has come to ${serial}`);
      });
      waits.push(wait);
      look();
      if (turn % 5 === 4) await session.opened.advance();
      look();
    }
    await session.after(Promise.all(waits));
    look();
    for (const [timeline, serial] of latest.entries()) {
      expectEqual(backend.completedOn(timeline), serial, `completedOn(${timeline}) at the end`);
    }
    expectEqual(backend.completedSerial, signalled.at(-1)?.serial, 'completedSerial at the end');
  },
);

const refusals = backendCase('signal, completedOn: refuse timelines that do not exist', async (session) => {
  const { backend } = session;
  const { timelineCount } = backend;
  for (const timeline of [...BAD_BYTES, timelineCount, timelineCount + 1, 2 ** 32]) {
    const what = `(${describeValue(timeline)}) of ${timelineCount} timelines`;
    expectCode(() => backend.completedOn(timeline as number), 'bad-argument', `completedOn${what}`);
    // What is left out is timeline 0.
    if (timeline === undefined) continue;
    expectCode(() => backend.signal(timeline as number), 'bad-argument', `signal${what}`);
  }
  expectEqual(backend.completedSerial, 0, 'completedSerial');
  const serial = backend.signal();
  await session.after(backend.whenCompleted(serial));
  expectEqual(backend.completedSerial, serial, 'completedSerial after a signal');
});

/** Cases on `timelineCount`, `signal(timeline)` and `completedOn`. */
export const timelineCases: readonly BackendContractCase[] = [count, numbering, pace, refusals];
