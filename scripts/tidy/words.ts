/**
 * Words: one word for one thing, in code, comments and documents. Each synonym names the word to use instead.
 *
 * Promise  only words that can be told from their innocent uses are here; the exceptions below give their
 *          reason.
 */
import { lineOf, type SourceFile, type Violation } from './source-file.ts';

interface Word {
  readonly banned: RegExp;
  readonly instead: string;
  /** Where the rule holds; everywhere when absent. */
  readonly within?: RegExp;
}

const GPU_CODE = /^packages\/(core|mock|webgpu)\/src\//;

const WORDS: readonly Word[] = [
  { banned: /\barena|Arena/, instead: 'chunk' },
  { banned: /\bslab|Slab/, instead: 'fixed slots (only `binned` has slabs)' },
  { banned: /\bpages?\b|\b[a-z]+Pages?\b/, instead: 'chunk', within: GPU_CODE },
  { banned: /\b(memory|heap|buffer) pages?\b/i, instead: 'chunk' },
  { banned: /\bsub-allocat/i, instead: 'suballocat…, in one word' },
  {
    banned: /suballocations|\b(an?|each|every|one|this|that|per|live|freed) suballocation\b/i,
    instead: 'range',
  },
  {
    banned: /\ballocators?\b|(?<!Offset)\bAllocator|[a-z](?<!Offset)Allocator/,
    instead: 'suballocator, or heap',
  },
  { banned: /\bdefrag(?!ment)|Defrag(?!ment)/, instead: 'defragment, or defragmentation pass' },
  { banned: /compact(ion|or)\b/i, instead: 'defragmentation' },
  { banned: /\b(free|live|used|memory|buffer|backing|device) blocks?\b/i, instead: 'range, or chunk' },
  { banned: /\b(super-?blocks?|memory (segment|region|zone)s?)\b/i, instead: 'chunk' },
  { banned: /\b(deferred|delayed|postponed|zombie) frees?\b/i, instead: 'pending free' },
  { banned: /\b(deferred|delayed) (deletion|destruction)\b/i, instead: 'deferred release' },
  { banned: /de-?allocat/i, instead: 'free' },
  { banned: /\bfence[ _]?(value|number|id)s?\b|\btimeline values?\b/i, instead: 'serial' },
  { banned: /relocat(e|ion|ing)/i, instead: 'move' },
  { banned: /\bswapp?(ed|s|ing)? out\b|\bpag(ed?|es|ing) out\b|\bspill(ed|s|ing)?\b/i, instead: 'evict' },
  { banned: /\b(committed|standalone) (allocation|buffer|resource)s?\b/i, instead: 'dedicated allocation' },
  { banned: /\bmemory (kind|class|flavou?r)s?\b/i, instead: 'memory type' },
  { banned: /\b(memory|resource) manager\b/i, instead: 'heap' },
  { banned: /\bFIXME\b/, instead: 'the mended code' },
  { banned: /\bTODO\b(?! ?\(#\d+\))/, instead: 'TODO (#issue), or the finished work' },
];

interface Exception {
  readonly path: RegExp;
  readonly word: RegExp;
  readonly reason: string;
}

const EXCEPTIONS: readonly Exception[] = [
  {
    path: /^scripts\/(tidy|test)\//,
    word: /.*/,
    reason: 'the list itself, and the test that plants its words',
  },
  {
    path: /\/(binned(-[a-z]+)*|slab[-a-z]*|size-classes|15-small-slab|state-damage|mutation|ranges\/index)(\.test)?\.(ts|mjs)$|plants\.json$/,
    word: /slab/i,
    reason: 'the kind whose parts are called so',
  },
  {
    path: /^(README|ARCHITECTURE)\.md$|^docs\//,
    word: /slab/i,
    reason: 'what is said of that kind',
  },
  {
    path: /^packages\/(bench|testing\/src\/workloads)\//,
    word: /allocator|compaction|slab/i,
    reason: 'the baselines are what their authors call them',
  },
  {
    path: /^(README|ARCHITECTURE|docs\/features)\.md$/,
    word: /allocator/i,
    reason: 'other projects, by what they call themselves',
  },
];

/** The `Source` entry of a header: it names the works of others, by their own words. */
const SOURCE_ENTRY = /^ \* Source {3}.*(\n \* {10}.*)*/m;

/** Banned words, with the word to use. O(text × words). */
export function checkWords(files: readonly SourceFile[]): Violation[] {
  const violations: Violation[] = [];
  for (const file of files) {
    const path = file.path;
    const text = file.text.replace(SOURCE_ENTRY, (entry) => entry.replace(/[^\n]/g, ' '));
    for (const { banned, instead, within } of WORDS) {
      if (within !== undefined && !within.test(path)) continue;
      for (const match of text.matchAll(new RegExp(banned, `${banned.flags}g`))) {
        const word = match[0];
        if (EXCEPTIONS.some((exception) => exception.path.test(path) && exception.word.test(word))) continue;
        violations.push({
          path,
          line: lineOf(text, match.index),
          what: `says "${word}"; the word is: ${instead}`,
        });
      }
    }
  }
  return violations;
}
