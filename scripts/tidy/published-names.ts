/**
 * Published names: what users can import from the packages, and the public members of it.
 *
 * Promise  a name is there when a door re-exports it; a member when it is neither private nor `@internal`, in
 *          the declaration itself or in what it extends, implements or is made of.
 * Refusal  reads declarations as the formatter leaves them: members begin two spaces in.
 */
import { join } from 'node:path/posix';
import { publishedNames } from './documents.ts';
import { codeOnly, isShipped, type SourceFile } from './source-file.ts';

interface Declaration {
  readonly text: string;
  /** The same without comments and strings. */
  readonly code: string;
}

/** See the head of the file. */
export class PublishedNames {
  private readonly shipped: readonly SourceFile[];
  private readonly published = new Set<string>();
  private readonly declarations = new Map<string, Declaration[]>();

  constructor(files: readonly SourceFile[]) {
    this.shipped = files.filter(({ path }) => isShipped(path));
    const declaration = /^export (?:abstract |async )*(?:class|function\*?|const|interface|type) ([\w$]+)/gm;
    const published = publishedNames(files);
    for (const { path, text } of this.shipped) {
      const code = codeOnly(text);
      for (const { 1: name = '', index } of text.matchAll(declaration)) {
        const length = /\n[^\s>)]/.exec(code.slice(index))?.index;
        const end = length === undefined ? code.length : index + length;
        const declarations = this.declarations.get(name) ?? [];
        declarations.push({ text: text.slice(index, end), code: code.slice(index, end) });
        this.declarations.set(name, declarations);
        if (published.get(path)?.has(name) || published.get(path)?.has('*')) this.published.add(name);
      }
    }
  }

  /** Whether a word in code font is something of ours. */
  has(word: string): boolean {
    if (word.startsWith('@gpuheap/')) return this.hasDoor(word);
    if (/^'.*'$/.test(word)) return this.hasText(word);
    if (/^[a-z]+(-[a-z]+)+$/.test(word)) return this.hasText(`'${word}'`);
    const [, name = '', member] = /^([\w$]+)(?:\.([\w$]+))?$/.exec(word) ?? [];
    return this.published.has(name) && (member === undefined || this.hasMember(name, member, new Set()));
  }

  private hasDoor(word: string): boolean {
    const [, name = '', inner = ''] = word.split('/');
    const path = join('packages', name, 'src', inner, 'index.ts');
    return this.shipped.some((file) => file.path === path);
  }

  private hasText(literal: string): boolean {
    return this.shipped.some(({ text }) => text.includes(literal));
  }

  private hasMember(name: string, member: string, asked: Set<string>): boolean {
    if (asked.has(name)) return false;
    asked.add(name);
    const modifiers = '(?:readonly |static |override |abstract |async |get |set )*';
    const begins = new RegExp(`^ {2}${modifiers}${member}[?!]?[(:<,; =]`, 'gm');
    return (this.declarations.get(name) ?? []).some(({ text, code }) => {
      for (const { index } of code.matchAll(begins)) if (!isInternal(text.slice(0, index))) return true;
      // What stands before the braces: what it extends, implements or is made of, and the type of a constant.
      const [head = ''] = code.split('{', 1);
      const parents = [...head.matchAll(/\b[A-Z]\w*/g)].map(([parent]) => parent);
      return parents.some((parent) => this.hasMember(parent, member, asked));
    });
  }
}

/** Whether a text ends with a comment that keeps what follows from users. */
function isInternal(before: string): boolean {
  return before.trimEnd().endsWith('*/') && before.slice(before.lastIndexOf('/**')).includes('@internal');
}
