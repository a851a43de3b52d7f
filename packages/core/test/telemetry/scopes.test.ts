import { describe, expect, it } from 'vitest';
import { Scopes } from '../../src/telemetry/scopes.ts';
import { codeOf } from '../code-of.ts';

function usedBytes(scopes: Scopes, ...paths: string[]): (number | undefined)[] {
  return paths.map((path) => scopes.statistics(path)?.usedBytes);
}

describe('scopes', () => {
  it('count an allocation where it was made and in what is around it, also after the scope was left', () => {
    const scopes = new Scopes();
    scopes.enter('loading');
    const mesh = scopes.account;
    mesh.add(10, 16);
    scopes.enter('shaders');
    const shader = scopes.account;
    shader.add(20, 32);
    expect(scopes.path).toBe('loading/shaders');
    expect(scopes.depth).toBe(2);
    scopes.leave('shaders');
    scopes.leave();
    scopes.account.add(100, 112);
    expect(scopes.path).toBe('');
    expect(usedBytes(scopes, '', 'loading', 'loading/shaders')).toEqual([160, 48, 32]);
    shader.remove(20, 32);
    expect(usedBytes(scopes, '', 'loading', 'loading/shaders')).toEqual([128, 16, 0]);
    expect(scopes.statistics('loading')).toMatchObject({
      name: 'loading',
      peakUsedBytes: 48,
      allocationCount: 2,
    });
  });

  it('continue the same path when it is entered again, and know it from one elsewhere of its name', () => {
    const scopes = new Scopes();
    for (const outer of ['a', 'b', 'a']) {
      scopes.enter(outer);
      scopes.enter('upload');
      scopes.account.add(1, 16);
      scopes.leave();
      scopes.leave();
    }
    expect(usedBytes(scopes, 'a/upload', 'b/upload', 'upload')).toEqual([32, 16, undefined]);
    expect(scopes.list().map(({ name }) => name)).toEqual(['a', 'a/upload', 'b', 'b/upload']);
    expect(scopes.knownCount).toBe(4);
  });

  it('may be nested in one of the same name', () => {
    const scopes = new Scopes();
    for (let i = 0; i < 3; i++) scopes.enter('node');
    scopes.account.add(1, 16);
    expect(usedBytes(scopes, 'node', 'node/node', 'node/node/node')).toEqual([16, 16, 16]);
  });

  it('fill the record they are given', () => {
    const scopes = new Scopes();
    const into = scopes.statistics('');
    scopes.account.add(3, 16);
    expect(scopes.statistics('', into)).toBe(into);
    expect(into?.requestedBytes).toBe(3);
    expect(scopes.statistics('no/such', into)).toBe(undefined);
  });

  it('refuse to be left out of order, and change nothing then', () => {
    const scopes = new Scopes();
    expect(codeOf(() => scopes.leave())).toBe('unbalanced-scope');
    expect(codeOf(() => scopes.leave('loading'))).toBe('unbalanced-scope');
    scopes.enter('loading');
    scopes.enter('shaders');
    expect(codeOf(() => scopes.leave('loading'))).toBe('unbalanced-scope');
    expect(scopes.path).toBe('loading/shaders');
    scopes.leave('shaders');
    scopes.leave('loading');
    expect(codeOf(() => scopes.leave())).toBe('unbalanced-scope');
  });

  it('refuse names that are none, and change nothing then', () => {
    const scopes = new Scopes();
    for (const name of ['', 'a/b', 3, undefined, null, {}]) {
      expect(codeOf(() => scopes.enter(name as string))).toBe('bad-argument');
      expect(codeOf(() => scopes.open(name as string))).toBe('bad-argument');
    }
    expect([scopes.depth, scopes.knownCount]).toEqual([0, 0]);
    expect(codeOf(() => new Scopes(0))).toBe('bad-argument');
  });

  it('take a leave that is always forgotten for what it is', () => {
    const scopes = new Scopes();
    for (let i = 0; i < 64; i++) scopes.enter('frame');
    expect(codeOf(() => scopes.enter('frame'))).toBe('unbalanced-scope');
    expect(scopes.depth).toBe(64);
    for (let i = 0; i < 64; i++) scopes.leave('frame');
    expect(scopes.depth).toBe(0);
  });
});

describe('a scope that ends with its block', () => {
  it('is left at the end, also by an exception past inner ones', () => {
    const scopes = new Scopes();
    const load = () => {
      using scope = scopes.open('loading');
      expect(scope.path).toBe('loading');
      scopes.enter('shaders');
      throw new RangeError('no such file');
    };
    expect(load).toThrow(RangeError);
    expect(scopes.depth).toBe(0);
  });

  it('leaves nothing twice, not even when its path is open again', () => {
    const scopes = new Scopes();
    const first = scopes.open('loading');
    scopes.leave();
    scopes.enter('loading');
    first[Symbol.dispose]();
    expect(scopes.path).toBe('loading');
    const second = scopes.open('shaders');
    second[Symbol.dispose]();
    second[Symbol.dispose]();
    expect(scopes.path).toBe('loading');
  });
});

describe('paths beyond the limit', () => {
  it('are forgotten when nothing lives in them, with all below; the sums remain above', () => {
    const scopes = new Scopes(8);
    scopes.enter('game');
    for (let i = 0; i < 500; i++) {
      scopes.enter(`frame ${i}`);
      scopes.enter('upload');
      scopes.account.add(1, 16);
      scopes.account.remove(1, 16);
      scopes.leave();
      scopes.leave();
    }
    expect(scopes.knownCount).toBeLessThanOrEqual(9);
    expect(scopes.knownCount).toBe(scopes.list().length);
    expect(scopes.statistics('game')).toMatchObject({
      allocationCount: 500,
      allocatedBytes: 8000,
      liveCount: 0,
    });
  });

  it('are kept while something lives in them or they are open', () => {
    const scopes = new Scopes(1);
    scopes.enter('level');
    scopes.enter('textures');
    const live = scopes.account;
    live.add(1, 16);
    scopes.leave();
    for (let i = 0; i < 100; i++) {
      scopes.enter(`step ${i}`);
      scopes.leave();
    }
    expect(usedBytes(scopes, 'level', 'level/textures')).toEqual([16, 16]);
    live.remove(1, 16);
    expect(usedBytes(scopes, '', 'level', 'level/textures')).toEqual([0, 0, 0]);
    for (let i = 0; i < 100; i++) {
      scopes.enter(`step ${i}`);
      scopes.leave();
    }
    expect(scopes.path).toBe('level');
    expect(usedBytes(scopes, 'level', 'level/textures')).toEqual([0, undefined]);
  });
});
