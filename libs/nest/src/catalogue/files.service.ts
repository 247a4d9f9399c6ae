import { Inject, Injectable } from '@nestjs/common';
import { UploadError } from '@upload-streams/protocol';
import type { Readable } from 'node:stream';
import type { FileRecord } from '../contracts/records.js';
import { UPLOAD_STORE, type FilePage, type UploadStore } from '../contracts/upload-store.js';
import type { ByteRange, Download } from '../contracts/storage-backend.js';
import { StorageService } from '../storage/storage.service.js';
import { grantDownload, isGranted, type DownloadGrant } from './download-grant.js';
import { readPage } from './file-page.js';

/** Who asks for a file. A file without an owner is available to everybody who knows the session ID of its upload. */
export interface FileRequester {
  readonly owner: string | null;
  readonly sessionID?: string | undefined;
  /** From a link that `grantDownload` made. It lets anybody download the file, and nothing else. */
  readonly grant?: DownloadGrant | undefined;
}

/** Completed uploads and their bytes, each for its owner only. */
@Injectable()
export class FilesService {
  constructor(
    @Inject(UPLOAD_STORE) private readonly store: UploadStore,
    private readonly storage: StorageService,
  ) {}

  /**
   * Lists the files of an owner, newest first: at most `limit`, and at most 1 MiB of JSON. `nextCursor` leads to the
   * next ones. A client without an identity has no list.
   */
  async list(owner: string | null, limit: number, cursor?: string): Promise<FilePage> {
    if (owner === null) return { files: [], nextCursor: undefined };
    return readPage((count, from) => this.store.listFiles(owner, count, from), limit, cursor);
  }

  /** Throws FILE_NOT_FOUND also for a file of another owner, so that nobody learns which IDs exist. */
  async find(fileId: string, requester: FileRequester): Promise<FileRecord> {
    const file = await this.store.findFile(fileId);
    if (!file || !mayReach(file, requester)) throw new UploadError('FILE_NOT_FOUND');
    return file;
  }

  /** As `find`, for a download: a link with a grant leads to the file without a credential. */
  async findForDownload(fileId: string, requester: FileRequester): Promise<FileRecord> {
    const file = requester.grant && (await this.store.findFile(fileId));
    if (file && requester.grant && isGranted(file, requester.grant)) return file;
    return this.find(fileId, requester);
  }

  /** A grant with which a link leads to the file without a credential, for six hours. Throws FILE_NOT_FOUND as `find`. */
  async grantDownload(fileId: string, requester: FileRequester): Promise<DownloadGrant> {
    return grantDownload(await this.find(fileId, requester));
  }

  /**
   * Opens the bytes, or a range of them. Resolves when the first bytes are there, so that a failure can still be
   * answered. Rejects with FILE_NOT_FOUND if the bytes are missing, with STORAGE_FAILED if they cannot be read.
   */
  async open(file: FileRecord, range?: ByteRange): Promise<Readable> {
    const stream = this.storage.read(file, range);
    try {
      await firstBytes(stream);
      return stream;
    } catch (error) {
      stream.destroy();
      throw error;
    }
  }

  /** Returns a stream of the bytes, or of a range, at once. The stream fails with the errors of `open`. */
  read(file: FileRecord, range?: ByteRange): Readable {
    return this.storage.read(file, range);
  }

  /** A URL that is valid for a few minutes, if the storage back end serves files itself; otherwise undefined. */
  presignedUrl(file: FileRecord, download: Download): Promise<string | undefined> {
    return this.storage.presignedUrl(file, download);
  }

  /**
   * Removes a file, its entry first: a crash in between leaves bytes that nobody sees, never an entry without bytes.
   */
  async remove(fileId: string, requester: FileRequester): Promise<void> {
    await this.find(fileId, requester);
    await this.removeEntry(fileId);
    await this.storage.removeRecord(fileId);
    await this.storage.remove(fileId);
  }

  /** Rejects if the entry may still exist. Then the bytes have to stay. */
  private async removeEntry(fileId: string): Promise<void> {
    try {
      await this.store.removeFile(fileId);
    } catch (error) {
      if (await this.store.findFile(fileId)) throw error;
    }
  }

  /** Rejects if the storage back end or the catalogue cannot be used. */
  async check(): Promise<void> {
    await this.store.check();
    await this.storage.check();
  }
}

function firstBytes(stream: Readable): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.once('readable', resolve).once('end', resolve).once('error', reject);
    stream.once('close', () => reject(stream.errored ?? new UploadError('STORAGE_FAILED')));
  });
}

function mayReach(file: FileRecord, { owner, sessionID }: FileRequester): boolean {
  return file.owner === null ? sessionID === file.sessionID : file.owner === owner;
}
