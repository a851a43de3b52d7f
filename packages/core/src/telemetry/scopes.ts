/// <reference lib="esnext.disposable" preserve="true" />
/**
 * Scopes: names for stretches of a program, one within the other, and what was allocated in each.
 *
 * Layout   a tree of accounts, one for each path (`loading`, `loading/shaders`); the open ones are those from
 *          `innermost` up. The root counts everything.
 * Cost     enter, leave: O(1), and no JavaScript object but for a path that is new. An allocation is counted
 *          in O(scopes that are open).
 * Promise  an allocation belongs for life to the scope that was innermost when it was made, and through it to
 *          those around it; it may end long after they were left. At most `limit` paths are known, or twice
 *          those that were live or open when paths were last forgotten; their sums remain in the path above.
 * Refusal  follows calls, not promises: what is allocated while a scope waits for something counts in it.
 *          Leave before an `await`.
 */
import { checkInteger, show } from '../base/check.ts';
import { UsageError } from '../base/errors.ts';
import { Account, type AccountStatistics, byUsedBytes } from './account.ts';
import { ACCOUNT_LIMIT } from './accounts.ts';

/** More open scopes than this are a `leave` that was forgotten. */
const MAX_DEPTH = 64;

class Scope extends Account {
  readonly ownName: string;
  readonly parentScope: Scope | undefined;
  readonly children: Map<string, Scope> = new Map();
  /** Which of all entries opened it; 0 while it is not open. A path is open at most once at a time. */
  turn = 0;

  constructor(ownName: string, parent?: Scope) {
    super(parent === undefined || parent.name === '' ? ownName : `${parent.name}/${ownName}`, parent);
    this.ownName = ownName;
    this.parentScope = parent;
  }
}

/** A scope that ends with the block it is in: `using scope = scopes.open('loading')`. */
export interface OpenScope {
  /** Names from the outermost scope on, with `/` between. */
  readonly path: string;
  /**
   * Leaves it, and those within it that an exception kept from being left. Nothing happens when it has been
   * left already.
   */
  [Symbol.dispose](): void;
}

/** Names for stretches of a program. See the head of the file. */
export class Scopes {
  private readonly limit: number;
  private readonly root: Scope = new Scope('');
  private innermost: Scope = this.root;
  private entryCount = 0;
  private pathCount = 0;
  private sweepAt: number;

  /** @throws UsageError `bad-argument` */
  constructor(limit: number = ACCOUNT_LIMIT) {
    checkInteger(limit, 'limit', 1, Number.MAX_SAFE_INTEGER, 'bad-argument');
    this.limit = limit;
    this.sweepAt = limit;
  }

  /** @internal Where an allocation that is made now is counted. */
  get account(): Account {
    return this.innermost;
  }

  /** The names of the open scopes, outermost first, with `/` between; '' when none is open. */
  get path(): string {
    return this.innermost.name;
  }

  /** Open scopes. */
  get depth(): number {
    return this.innermost.depth;
  }

  /** Paths that are known. */
  get knownCount(): number {
    return this.pathCount;
  }

  /**
   * Opens a scope within the innermost one. A name is not empty and has no `/`.
   * @throws UsageError `bad-argument`, `unbalanced-scope` when 64 are open
   */
  enter(name: string): void {
    const outer = this.innermost;
    if (outer.depth === MAX_DEPTH) {
      throw new UsageError(
        'unbalanced-scope',
        `${MAX_DEPTH} scopes are open, as many as there may be; leave each one that you enter`,
      );
    }
    const scope = outer.children.get(name) ?? this.make(outer, name);
    scope.turn = ++this.entryCount;
    this.innermost = scope;
  }

  /**
   * Leaves the innermost scope; `name`, when given, must be the one it was entered by.
   * @throws UsageError `unbalanced-scope` when none is open, or another one is innermost
   */
  leave(name?: string): void {
    const scope = this.innermost;
    const outer = scope.parentScope;
    if (outer === undefined) {
      throw new UsageError('unbalanced-scope', 'no scope is open; leave once for each that you enter');
    }
    if (name !== undefined && name !== scope.ownName) {
      throw new UsageError(
        'unbalanced-scope',
        `${show(name)} is not the innermost scope, which is ${show(scope.ownName)}; leave that one first`,
      );
    }
    scope.turn = 0;
    this.innermost = outer;
  }

  /** As `enter`, for `using`. @throws UsageError as `enter` does */
  open(name: string): OpenScope {
    this.enter(name);
    const scope = this.innermost;
    const turn = scope.turn;
    return {
      path: scope.name,
      [Symbol.dispose]: () => {
        while (scope.turn === turn) this.leave();
      },
    };
  }

  /** The figures of a path, in `into` or a fresh record; undefined when it is not known. O(names in it). */
  statistics(path: string, into?: AccountStatistics): AccountStatistics | undefined {
    let scope: Scope | undefined = this.root;
    if (path !== '') for (const name of path.split('/')) scope = scope?.children.get(name);
    return scope?.statistics(into);
  }

  /** The figures of every path that is known, those with the most bytes first. O(paths · log paths). */
  list(): AccountStatistics[] {
    const found: AccountStatistics[] = [];
    const waiting: Scope[] = [...this.root.children.values()];
    for (let scope = waiting.pop(); scope !== undefined; scope = waiting.pop()) {
      found.push(scope.statistics());
      waiting.push(...scope.children.values());
    }
    return found.sort(byUsedBytes);
  }

  /** Everything has ended. O(paths). */
  endAll(): void {
    const waiting = [this.root];
    for (let scope = waiting.pop(); scope !== undefined; scope = waiting.pop()) {
      scope.end();
      waiting.push(...scope.children.values());
    }
  }

  private make(outer: Scope, name: string): Scope {
    if (typeof name !== 'string' || name === '' || name.includes('/')) {
      throw new UsageError('bad-argument', `the name of a scope is ${show(name)}; pass a text without '/'`);
    }
    if (this.pathCount >= this.sweepAt) {
      this.forgetIdle(this.root);
      this.sweepAt = Math.max(this.limit, 2 * this.pathCount);
    }
    const scope = new Scope(name, outer);
    outer.children.set(name, scope);
    this.pathCount++;
    return scope;
  }

  /** Forgets the paths below `outer` that are neither open nor live, and with them all below. */
  private forgetIdle(outer: Scope): void {
    for (const scope of outer.children.values()) {
      this.forgetIdle(scope);
      // What is open or live within it keeps it too: all that is within has gone when it goes.
      if (scope.liveCount > 0 || scope.turn > 0) continue;
      outer.children.delete(scope.ownName);
      this.pathCount--;
    }
  }
}
