import { UploadError } from '@upload-streams/protocol';
import type { Capacity, StorageBackend } from '../contracts/storage-backend.js';

const MIB = 1024 * 1024;

/** The capacity of a back end that reports none. */
const UNLIMITED: Capacity = { freeBytes: Infinity, totalBytes: Infinity };

/**
 * The space that always stays free, in bytes: an upload whose last byte has arrived still needs space for a folder, a
 * rename and a commit of the catalogue. It is a hundredth of the medium, within these bounds.
 */
const RESERVE = { divisor: 100, least: MIB, most: 64 * MIB };

/** How long free space is computed from the last look and the bytes written since, in milliseconds. */
const FRESH_MS = 1000;

/** After this many milliseconds without a write, the reservation of an upload lapses. Its written bytes stay. */
const LAPSE_MS = 60_000;

interface Reservation {
  bytes: number;
  usedAt: number;
}

/** Reserves space of the medium for uploads: the bytes that they have declared and not written yet. */
export class StorageRoom {
  private freeBytes = 0;
  private lookedAt = -Infinity;
  /** Bytes that stay free. Undefined before the first look. */
  private reserveBytes: number | undefined;
  private readonly reservations = new Map<string, Reservation>();
  private reservedBytes = 0;

  constructor(
    private readonly backend: Pick<StorageBackend, 'capacity'>,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Reserves space for the bytes that an upload is going to write. Throws STORAGE_FULL if there is too little. */
  async reserve(fileId: string, bytes: number): Promise<void> {
    if (bytes > 0) await this.require(fileId, bytes);
    this.release(fileId);
    this.reservations.set(fileId, { bytes, usedAt: this.now() });
    this.reservedBytes += bytes;
  }

  /**
   * Called before an upload writes. Throws STORAGE_FULL if the write needs space that is reserved for others or has to
   * stay free.
   */
  async take(fileId: string, bytes: number): Promise<void> {
    await this.require(fileId, bytes);
    this.freeBytes -= bytes;
    const own = this.reservations.get(fileId);
    if (!own) return;
    const used = Math.min(own.bytes, bytes);
    own.bytes -= used;
    own.usedAt = this.now();
    this.reservedBytes -= used;
  }

  /** Drops the reservation of an upload that has ended, or that nobody continues for now. */
  release(fileId: string): void {
    this.reservedBytes -= this.reservations.get(fileId)?.bytes ?? 0;
    this.reservations.delete(fileId);
  }

  /** Throws STORAGE_FULL if only the space that has to stay free is left. */
  async check(): Promise<void> {
    await this.look();
    if (this.freeBytes < this.reserveBytes!) throw new UploadError('STORAGE_FULL');
  }

  private async require(fileId: string, bytes: number): Promise<void> {
    const isFresh = this.now() - this.lookedAt < FRESH_MS;
    // There are thousands of small chunks. If there is space for many, a look for each would show nothing new.
    if (!isFresh || bytes > this.roomFor(fileId) / 100) await this.look();
    if (bytes > this.roomFor(fileId)) throw new UploadError('STORAGE_FULL');
  }

  private roomFor(fileId: string): number {
    const others = this.reservedBytes - (this.reservations.get(fileId)?.bytes ?? 0);
    return this.freeBytes - (this.reserveBytes ?? 0) - others;
  }

  private async look(): Promise<void> {
    const { freeBytes, totalBytes } = (await this.backend.capacity?.()) ?? UNLIMITED;
    this.reserveBytes ??= reserveOf(totalBytes);
    this.freeBytes = freeBytes;
    this.lookedAt = this.now();
    for (const [fileId, { usedAt }] of this.reservations) if (this.now() - usedAt > LAPSE_MS) this.release(fileId);
  }
}

function reserveOf(totalBytes: number): number {
  if (totalBytes === Infinity) return 0;
  return Math.min(RESERVE.most, Math.max(RESERVE.least, Math.floor(totalBytes / RESERVE.divisor)));
}
