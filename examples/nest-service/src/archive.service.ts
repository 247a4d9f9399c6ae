import { Injectable, Logger } from '@nestjs/common';
import { UploadClient, type UploadState } from '@upload-streams/nest/client';
import { basename } from 'node:path';
import { distinctUntilKeyChanged, lastValueFrom, tap } from 'rxjs';

/** Uploads files to the gateway. */
@Injectable()
export class ArchiveService {
  private readonly logger = new Logger(ArchiveService.name);

  constructor(private readonly uploads: UploadClient) {}

  /** Uploads a file, logs each change of its status, and returns the last state. */
  async archive(path: string): Promise<UploadState> {
    const states$ = this.uploads.upload(path, { metadata: { source: 'nest-service' } });
    const logged$ = states$.pipe(
      distinctUntilKeyChanged('status'),
      tap(({ status }) => this.logger.log(`${basename(path)}: ${status}`)),
    );
    return lastValueFrom(logged$);
  }

  /** Uploads bytes from memory and returns the ID of the stored file. */
  async note(text: string): Promise<string> {
    const file = await this.uploads.uploadToEnd(Buffer.from(text), { fileName: 'note.txt', type: 'text/plain' });
    return file.fileId;
  }
}
