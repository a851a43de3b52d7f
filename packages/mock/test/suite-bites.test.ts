import { BackendError } from '@gpuheap/core';
import { BackendContractViolation, backendContract } from '@gpuheap/testing';
import { describe, expect, it } from 'vitest';
import { type MockBuffer, MockGpu } from '../src/index.ts';
import { BROKEN, breakBackend } from './broken-backends.ts';
import { BROKEN_MAPPING } from './broken-mapping.ts';
import { mockEnvironment } from './mock-environment.ts';

function caseCalled(name: string) {
  const found = backendContract.find((candidate) => candidate.name === name);
  if (found === undefined) throw new Error(`the suite has no case called ${name}`);
  return found;
}

describe('the backend contract suite', () => {
  it('has no two cases of one name', () => {
    const names = backendContract.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names.length).toBeGreaterThan(60);
  });

  it.each([...BROKEN, ...BROKEN_MAPPING])('notices when %s', async (_, noticedBy, change) => {
    const { run } = caseCalled(noticedBy);
    // More than one timeline, so that what confuses them is seen.
    const sound = mockEnvironment({ timelines: 2 });
    await run(sound);
    const broken = {
      ...sound,
      open: async () => {
        const opened = await sound.open();
        return { ...opened, backend: breakBackend(opened.backend, change) };
      },
    };
    await expect(run(broken)).rejects.toBeInstanceOf(Error);
  });

  it('notices a backend that takes the buffers of another', async () => {
    // One GPU for every backend that is opened, and one backend for them all: nobody is a stranger.
    const backend = new MockGpu({ autoComplete: true }).backend();
    const open = async () => ({
      backend,
      advance: async () => {},
      sibling: () => backend,
      close: async () => {},
    });
    const environment = { capabilities: ['sibling' as const], open };
    for (const name of ['another device', 'another backend on the same device']) {
      const place = backendContract.find((candidate) => candidate.name.includes(name));
      await expect(place?.run<MockBuffer>(environment)).rejects.toBeInstanceOf(BackendContractViolation);
    }
  });

  it.each(['dispose: leaves no rejection unhandled', 'loss: leaves no rejection unhandled'])(
    'notices that nobody handled a rejection: %s',
    async (name) => {
      const sound = mockEnvironment();
      const careless = {
        ...sound,
        open: async () => {
          const opened = await sound.open();
          const backend = breakBackend(opened.backend, (inner) => ({
            dispose: () => {
              Promise.reject(new BackendError('device-lost', 'nobody looks at this'));
              inner.dispose();
            },
          }));
          return { ...opened, backend };
        },
      };
      // The framework's own listeners would fail the run for what is shown here on purpose.
      const listeners = process.listeners('unhandledRejection');
      process.removeAllListeners('unhandledRejection');
      process.on('unhandledRejection', () => {});
      try {
        await expect(caseCalled(name).run(careless)).rejects.toBeInstanceOf(BackendContractViolation);
        await new Promise((resolve) => setImmediate(resolve));
      } finally {
        process.removeAllListeners('unhandledRejection');
        for (const listener of listeners) process.on('unhandledRejection', listener);
      }
    },
  );
});
