import { Inject, Injectable } from '@nestjs/common';
import { FileLinks } from '../catalogue/file-links.js';
import { FilesService } from '../catalogue/files.service.js';
import { UPLOAD_AUTHENTICATOR, type Authenticator } from '../contracts/authenticator.js';
import { OriginPolicy } from '../origins/origin-policy.js';
import { SessionService } from '../session/session.service.js';
import { UploadEvents } from '../session/upload-events.js';
import { UPLOAD_OPTIONS, type ResolvedUploadOptions } from '../upload-options.js';

/** What the other modules of this package use of one `UploadModule`. An application may have several upload areas. */
@Injectable()
export class UploadArea {
  constructor(
    readonly files: FilesService,
    readonly sessions: SessionService,
    readonly events: UploadEvents,
    readonly links: FileLinks,
    readonly origins: OriginPolicy,
    @Inject(UPLOAD_AUTHENTICATOR) readonly authenticator: Authenticator,
    @Inject(UPLOAD_OPTIONS) readonly options: ResolvedUploadOptions,
  ) {}
}
