import { piecesOver } from './growing-part.js';
import type { ObjectStore } from './object-store.js';
import { partAt } from './part-layout.js';
import { pieceKey, type Piece } from './pieces.js';
import { pointKey, type PrefixPoint } from './prefix-point.js';

/** Where an upload could go on if something that it needs were missing: so many are kept before the recorded offset. */
const POINTS_KEPT = 3;

/**
 * The objects that an upload keeps beside its parts: pieces of parts that are not full, and points. From each offset that
 * was synced the upload can go on, until a later one is recorded.
 */
export class KeptTails {
  private readonly synced: number[];
  private points: readonly PrefixPoint[];
  /** Whether a piece was ever saved: its removal may have failed. */
  isUsed = false;
  private removing: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly store: ObjectStore,
    private readonly fileId: string,
    offset: number,
    public pieces: readonly Piece[],
    points: readonly PrefixPoint[],
  ) {
    this.synced = [offset];
    this.points = points;
  }

  /** Before a piece is written: a sync that ends meanwhile must not take it for one that nobody needs. */
  willSync(offset: number): void {
    this.synced.push(offset);
  }

  saved(piece: Piece | undefined): void {
    if (!piece) return;
    this.isUsed = true;
    this.pieces = [...this.pieces, piece];
  }

  async savePoint(point: PrefixPoint): Promise<void> {
    if (point.offset === 0 || this.points.some(({ offset }) => offset === point.offset)) return;
    await this.store.put(pointKey(this.fileId, point), EMPTY);
    this.points = [...this.points, point];
  }

  /** Removes what is needed neither to go on from the recorded offset or one after it, nor by a part in hand. */
  recorded(recorded: number, inHand: readonly Piece[]): void {
    const later = this.synced.filter((offset) => offset >= recorded);
    this.synced.splice(0, Infinity, ...later);
    const needed = new Set([
      ...inHand,
      ...later.flatMap((offset) => piecesOver(this.pieces, partAt(offset).start, offset)),
    ]);
    const before = this.points.filter(({ offset }) => offset <= recorded).sort((a, b) => b.offset - a.offset);
    const oldPoints = new Set(before.slice(POINTS_KEPT));
    const keys = [
      ...this.pieces.filter((piece) => !needed.has(piece)).map((piece) => pieceKey(this.fileId, piece)),
      ...[...oldPoints].map((point) => pointKey(this.fileId, point)),
    ];
    this.pieces = this.pieces.filter((piece) => needed.has(piece));
    this.points = this.points.filter((point) => !oldPoints.has(point));
    // What can't be removed now stays until the upload ends, or the sweep finds it.
    const removed = Promise.allSettled(keys.map((key) => this.store.remove(key)));
    this.removing = Promise.all([this.removing, removed]);
  }

  async settled(): Promise<void> {
    await this.removing;
  }
}

const EMPTY = { bytes: 0, async *chunks() {} };
