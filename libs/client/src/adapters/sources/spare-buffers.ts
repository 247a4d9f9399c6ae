/** Memory that is used again and again: new memory of a chunk's size costs a browser more than reading the chunk. */
export class SpareBuffers {
  private readonly spare: ArrayBuffer[] = [];

  /** Memory for at least so many bytes. What is too small is of no use any more, since chunks grow. */
  take(bytes: number): ArrayBuffer {
    for (let buffer = this.spare.pop(); buffer; buffer = this.spare.pop())
      if (buffer.byteLength >= bytes) return buffer;
    return new ArrayBuffer(bytes);
  }

  /** Nobody uses it any more. */
  give(buffer: ArrayBuffer): void {
    this.spare.push(buffer);
  }
}
