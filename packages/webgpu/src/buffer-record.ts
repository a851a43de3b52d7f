/** Buffer record: what the backend knows of one of its buffers. */
import type { CheckedBuffer, MapState } from '@gpuheap/core/backend';

/** What is known of one buffer. */
export interface BufferRecord extends CheckedBuffer {
  /** `asked` until the device has answered. A refused buffer exists for the API, but holds nothing. */
  grant: 'asked' | 'granted' | 'refused';
  mapState: MapState;
  /** Reads under way that map it. */
  readCount: number;
}
