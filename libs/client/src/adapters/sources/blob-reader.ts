/** Reads a Blob from a position to its end. */
export interface BlobReader {
  /** Reads the next `bytes` into `memory`, which has room for them and is given away. Rejects if there are fewer. */
  read(bytes: number, memory: ArrayBuffer): Promise<Uint8Array<ArrayBuffer>>;
  /** Stops reading. */
  cancel(): void;
}

/**
 * Reads the Blob as one byte stream, which Chromium reads two to three times faster than slices, and into memory that can be
 * reused. If the browser has no byte streams (Safari before 26), reads slice by slice.
 */
export function readBlobFrom(blob: Blob, offset: number): BlobReader {
  const rest = blob.slice(offset);
  try {
    return byStream(rest.stream().getReader({ mode: 'byob' }));
  } catch {
    return bySlices(rest);
  }
}

function byStream(reader: ReadableStreamBYOBReader): BlobReader {
  return {
    async read(bytes, memory) {
      let filled = new Uint8Array(memory, 0, 0);
      while (filled.length < bytes) {
        const room = new Uint8Array(filled.buffer, filled.length, bytes - filled.length);
        const { value, done } = await reader.read(room, { min: room.length });
        if (!value || (done && value.length === 0))
          throw new RangeError(`the blob ended ${bytes - filled.length} bytes early`);
        filled = new Uint8Array(value.buffer, 0, filled.length + value.length);
      }
      return filled;
    },
    cancel: () => void reader.cancel().catch(() => undefined),
  };
}

function bySlices(blob: Blob): BlobReader {
  let cursor = 0;
  return {
    async read(bytes) {
      const slice = blob.slice(cursor, (cursor += bytes));
      return new Uint8Array(await slice.arrayBuffer());
    },
    cancel() {},
  };
}
