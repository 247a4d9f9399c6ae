import { UploadError } from '@upload-streams/protocol';
import type { Capacity, StorageBackend } from '../contracts/storage-backend.js';

const MIB = 1024 * 1024;

/** A store that knows no limit. */
const UNLIMITED: Capacity = { freeBytes: Infinity, totalBytes: Infinity };

/**
 * What always stays free, in bytes: an upload whose last byte arrived still needs room for a folder, a rename and a commit
 * of the catalogue. It is a hundredth of the medium, within these bounds.
 */
const RESERVE = { divisor: 100, least: MIB, most: 64 * MIB };

/** For this long, the room that is left is computed from the last look and what was written since, in milliseconds. */
const FRESH_MS = 1000;

/** The reservation of an upload that writes nothing for this long lapses, in milliseconds. What it has written stays. */
const LAPSE_MS = 60_000;

interface Reservation {
  bytes: number;
  usedAt: number;
}

/** Shares the room of the medium out among uploads: what they have declared and not written yet is reserved for them. */
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

  /** Reserves what an upload is going to write. Throws STORAGE_FULL where there is no room for it. */
  async reserve(fileId: string, bytes: number): Promise<void> {
    if (bytes > 0) await this.require(fileId, bytes);
    this.release(fileId);
    this.reservations.set(fileId, { bytes, usedAt: this.now() });
    this.reservedBytes += bytes;
  }

  /** An upload is about to write. Throws STORAGE_FULL where that needs room that is reserved for others or stays free. */
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

  /** The upload ended, or nobody goes on with it for now. */
  release(fileId: string): void {
    this.reservedBytes -= this.reservations.get(fileId)?.bytes ?? 0;
    this.reservations.delete(fileId);
  }

  /** Throws STORAGE_FULL where nothing is left but what stays free. */
  async check(): Promise<void> {
    await this.look();
    if (this.freeBytes < this.reserveBytes!) throw new UploadError('STORAGE_FULL');
  }

  private async require(fileId: string, bytes: number): Promise<void> {
    const isFresh = this.now() - this.lookedAt < FRESH_MS;
    // Small chunks come by the thousand; where there is room for many, a look for each would say nothing new.
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
