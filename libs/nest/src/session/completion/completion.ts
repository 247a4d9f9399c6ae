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
 * How an upload becomes a file: its bytes are stored and read back, the policy inspects them, and the file enters the
 * catalogue. Until then nobody can see the file; afterwards its client is told.
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

  /** The last byte of a session is written: completes it in its order, and tells its connection how that ended. */
  async complete(session: UploadSession): Promise<void> {
    const { sessionID } = session.record;
    try {
      const file = await this.registry.runInOrder(sessionID, async () =>
        // It may have been yielded since its last byte was written. Whoever begins it again completes it.
        this.registry.has(session) ? this.completeSession(session) : undefined,
      );
      if (file) session.connection.completed(sessionID, toCompletedUpload(file, this.options.fileUrl));
    } catch (error) {
      session.connection.failed(sessionID, toUploadError(error));
    }
  }

  /** A session all of whose bytes were received, in its order. It ends here, whether this succeeds or not. */
  async completeSession(session: UploadSession): Promise<FileRecord> {
    this.registry.remove(session);
    try {
      const file = await this.storeAndInspect(session.record, session.connection, () => session.complete());
      return await this.enterInCatalogue(file, session.connection, () => this.entries.complete(session, file));
    } catch (error) {
      // If it is unknown whether the catalogue has the file, the fate of the session is `unchanged`: nothing is discarded.
      await this.endings.afterFailure(session, error);
      throw error;
    }
  }

  /**
   * A file that came whole. There is nothing to resume, so no session is recorded: the file is stored and enters the
   * catalogue at the price of one commit. A crash in between leaves orphaned bytes, and a client that was told nothing and
   * sends the file again.
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

  /** The answer to whoever begins an upload that is complete. */
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
