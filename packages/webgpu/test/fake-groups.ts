import type { BindGroupDevice } from '../src/index.ts';

/** A bind group as the fake device makes it: what it was made of. */
export interface Group {
  readonly layout: object;
  readonly entries: readonly { readonly binding: number; readonly resource: object }[];
}

/** Makes groups and remembers them; fails once when it is told to. */
export class FakeGroups implements BindGroupDevice<object, object, Group> {
  readonly made: Group[] = [];
  failure: Error | undefined;

  createBindGroup(descriptor: {
    layout: object;
    entries: Iterable<{ binding: number; resource: object }>;
  }): Group {
    const { failure } = this;
    this.failure = undefined;
    if (failure !== undefined) throw failure;
    const group = { layout: descriptor.layout, entries: [...descriptor.entries] };
    this.made.push(group);
    return group;
  }
}

/** As an allocation: says where it lies when asked, and may move. */
export class RangeOfBuffer {
  buffer: object;
  offset: number;
  size: number;

  constructor(buffer: object, offset: number, size: number) {
    this.buffer = buffer;
    this.offset = offset;
    this.size = size;
  }
}
