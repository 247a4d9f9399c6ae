/**
 * Reuses the buffers that a source reads into. A new buffer of a chunk's size costs more than the read in a browser, and a
 * garbage collection every few chunks in Node.
 */
export class SpareBuffers {
  private readonly spare: ArrayBuffer[] = [];

  /** Returns a buffer of at least this size. Drops smaller ones, because chunks grow. */
  take(bytes: number): ArrayBuffer {
    for (let buffer = this.spare.pop(); buffer; buffer = this.spare.pop())
      if (buffer.byteLength >= bytes) return buffer;
    return new ArrayBuffer(bytes);
  }

  /** Takes a buffer back that is no longer used. */
  give(buffer: ArrayBuffer): void {
    this.spare.push(buffer);
  }
}
