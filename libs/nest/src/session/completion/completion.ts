import { Inject, Injectable } from '@nestjs/common';
import { UploadError, type BegunUpload } from '@upload-streams/protocol';
import type { FileRecord, SessionRecord } from '../../contracts/records.js';
import type { StoredDigest } from '../../contracts/partial-file.js';
import { UPLOAD_POLICY, type UploadPolicy } from '../../contracts/upload-policy.js';
import { fromHost, toUploadError } from '../../errors/host-error.js';
import { StorageService } from '../../storage/storage.service.js';
import { UPLOAD_OPTIONS, type ResolvedUploadOptions } from '../../upload-options.js';
import { completedAnswer, toCompletedUpload } from '../answers.js';
import { CatalogueEntries } from './catalogue-entries.js';
import type { IncomingChunk } from '../flow/incoming-chunk.js';
import { SessionEndings } from '../session-endings.js';
import { SessionRegistry } from '../session-registry.js';
import type { UploadConnection } from '../upload-connection.js';
import type { UploadSession } from '../upload-session.js';

/**
 * Makes a file of an upload: stores its bytes and reads them back, lets the policy inspect them, and adds the file to
 * the catalogue. Nobody can see the file before that. Its client is told afterwards.
 */
@Injectable()
export class Completion {
  constructor(
    @Inject(UPLOAD_OPTIONS) private readonly options: ResolvedUploadOptions,
    @Inject(UPLOAD_POLICY) private readonly policy: UploadPolicy,
    private readonly storage: StorageService,
    private readonly registry: SessionRegistry,
    private readonly endings: SessionEndings,
    private readonly entries: CatalogueEntries,
  ) {}

  /** Completes a session whose last byte is written, in its turn, and tells its connection the result. */
  async complete(session: UploadSession): Promise<void> {
    const { sessionID } = session.record;
    try {
      const file = await this.registry.runInOrder(sessionID, async () =>
        // The session may have been given up since its last byte was written. The next begin completes it.
        this.registry.has(session) ? this.completeSession(session) : undefined,
      );
      if (file) session.connection.completed(sessionID, toCompletedUpload(file, this.options.fileUrl));
    } catch (error) {
      session.connection.failed(sessionID, toUploadError(error));
    }
  }

  /**
   * Completes a session whose bytes have all been received. Must be called during the session's turn. The live session
   * ends in either case.
   *
   * The rule for unknown outcomes: if the store rejects, nobody knows whether the catalogue has the file, or will have
   * it. Then nothing is discarded, because `fateAfter` answers `unchanged`. The record of the session stays in the
   * store, so the client's next begin finds the file or completes the session again.
   */
  async completeSession(session: UploadSession): Promise<FileRecord> {
    this.registry.remove(session);
    try {
      const file = await this.storeAndInspect(session.record, session.connection, () => session.complete());
      return await this.enterInCatalogue(file, session.connection, () => this.entries.complete(session, file));
    } catch (error) {
      await this.endings.afterFailure(session, error);
      throw error;
    }
  }

  /**
   * Completes a file that arrived whole. There is nothing to resume, so no session is recorded, and the file costs only
   * one commit. A crash in between leaves a file that is in no catalogue; the client got no answer and sends the file
   * again. If storing or inspecting fails, the bytes are discarded, because the catalogue has not been asked to name
   * them yet. After that, see `CatalogueEntries.add`.
   */
  async completeWhole(record: SessionRecord, connection: UploadConnection, chunk: IncomingChunk): Promise<FileRecord> {
    const file = await this.storeAndInspect(record, connection, () => this.store(record, chunk)).catch(
      async (error) => {
        await this.entries.discard(record);
        throw error;
      },
    );
    return this.enterInCatalogue(file, connection, () => this.entries.add(file));
  }

  /** The answer to `begin_upload` for an upload that is complete. */
  answer(file: FileRecord): BegunUpload {
    return completedAnswer(file, this.options);
  }

  /** Stores the bytes, reads them back, and lets the policy inspect the file. */
  private async storeAndInspect(
    record: SessionRecord,
    connection: UploadConnection,
    store: () => Promise<StoredDigest>,
  ): Promise<FileRecord> {
    const { sessionID, fileId, owner, fileName, type, metadata } = record;
    const digest = await this.registry.runAnnounced(connection, sessionID, 'verifying', store);
    const file = { sessionID, fileId, owner, fileName, type, metadata, ...digest, createdAt: Date.now() };
    await this.registry.runAnnounced(connection, sessionID, 'inspecting', () =>
      fromHost(() => this.policy.inspect?.(file)),
    );
    return file;
  }

  private enterInCatalogue(
    { sessionID }: FileRecord,
    connection: UploadConnection,
    enter: () => Promise<FileRecord>,
  ): Promise<FileRecord> {
    return this.registry.runAnnounced(connection, sessionID, 'cataloguing', enter);
  }

  private async store(record: SessionRecord, { chunk, crc32: expected }: IncomingChunk): Promise<StoredDigest> {
    const digest = await this.storage.put(record, chunk);
    if (digest.crc32 !== expected) throw new UploadError('FILE_CHECKSUM_MISMATCH');
    return digest;
  }
}
