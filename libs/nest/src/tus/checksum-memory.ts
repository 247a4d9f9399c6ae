import { Injectable } from '@nestjs/common';
import { ChosenArea } from '../area/chosen-area.js';
import { TusProblem } from './tus-problem.js';

/**
 * Memory for bodies with `Upload-Checksum`. Nothing of a body that does not match may be kept, and a storage back end
 * cannot take bytes back. So such a body is held until it is verified: `maxWindowBytes` for one, `windowBudgetBytes` for
 * all.
 */
@Injectable()
export class ChecksumMemory {
  private held = 0;

  constructor(private readonly chosen: ChosenArea) {}

  /** Bytes of the largest body. */
  get largest(): number {
    return this.chosen.area.options.maxWindowBytes;
  }

  /** Runs work that holds a body. `bytes` is undefined for a body without a length. Throws if it needs too much. */
  async hold<T>(bytes: number | undefined, work: () => Promise<T>): Promise<T> {
    const needed = bytes ?? this.largest;
    if (needed > this.largest) throw new TusProblem('CHECKSUMMED_TOO_LARGE');
    if (this.held > 0 && this.held + needed > this.chosen.area.options.windowBudgetBytes) throw new TusProblem('BUSY');
    this.held += needed;
    try {
      return await work();
    } finally {
      this.held -= needed;
    }
  }
}
