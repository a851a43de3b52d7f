import { describeSuballocatorContract } from '../../../testing/src/vitest.ts';
import { BestFit } from '../../src/ranges/index.ts';

describeSuballocatorContract('best-fit', (options) => new BestFit(options));
