import { UploadError } from '@upload-streams/protocol';
import type { StorageBackend } from '../contracts/storage-backend.js';

const MIB = 1024 * 1024;

/**
 * So much stays free, in bytes: uploads whose last byte came still need room for a folder, a rename and a commit of the
 * catalogue. A hundredth of the medium, within these bounds.
 */
const RESERVE = { divisor: 100, least: MIB, most: 64 * MIB };

/** So long the room that was left counts as the room that is left, less what was written since, in milliseconds. */
const FRESH_MS = 1000;

/** An upload that writes nothing for so long keeps no room from others, in milliseconds. What it has written stays. */
const LAPSE_MS = 60_000;

interface Reservation {
  bytes: number;
  usedAt: number;
}

/** The room of the medium, shared by all uploads: what those under way declared and did not write yet is taken. */
export class StorageRoom {
  private freeBytes = 0;
  private askedAt = -Infinity;
  private keptFree: number | undefined;
  private readonly reservations = new Map<string, Reservation>();
  private reservedBytes = 0;

  constructor(
    private readonly backend: Pick<StorageBackend, 'freeBytes' | 'totalBytes'>,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Sets aside what an upload is going to write. Throws STORAGE_FULL where it has no room. */
  async reserve(fileId: string, bytes: number): Promise<void> {
    if (bytes > 0) await this.require(fileId, bytes);
    this.release(fileId);
    this.reservations.set(fileId, { bytes, usedAt: this.now() });
    this.reservedBytes += bytes;
  }

  /** An upload is about to write. Throws STORAGE_FULL where that takes what is set aside for others, or kept free. */
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

  /** The upload ended, or nobody is about to go on with it. */
  release(fileId: string): void {
    this.reservedBytes -= this.reservations.get(fileId)?.bytes ?? 0;
    this.reservations.delete(fileId);
  }

  /** Throws STORAGE_FULL where only what is kept free is left. */
  async check(): Promise<void> {
    await this.ask();
    if (this.freeBytes < this.keptFree!) throw new UploadError('STORAGE_FULL');
  }

  private async require(fileId: string, bytes: number): Promise<void> {
    const isFresh = this.now() - this.askedAt < FRESH_MS;
    // Small pieces come by the thousand; where there is room for many, asking for each would say nothing new.
    if (!isFresh || bytes > this.roomFor(fileId) / 100) await this.ask();
    if (bytes > this.roomFor(fileId)) throw new UploadError('STORAGE_FULL');
  }

  private roomFor(fileId: string): number {
    const others = this.reservedBytes - (this.reservations.get(fileId)?.bytes ?? 0);
    return this.freeBytes - (this.keptFree ?? 0) - others;
  }

  private async ask(): Promise<void> {
    this.keptFree ??= await this.toBeKeptFree();
    this.freeBytes = (await this.backend.freeBytes()) ?? Infinity;
    this.askedAt = this.now();
    for (const [fileId, { usedAt }] of this.reservations) if (this.now() - usedAt > LAPSE_MS) this.release(fileId);
  }

  private async toBeKeptFree(): Promise<number> {
    const total = await this.backend.totalBytes?.();
    if (total === undefined) return 0;
    return Math.min(RESERVE.most, Math.max(RESERVE.least, Math.floor(total / RESERVE.divisor)));
  }
}
