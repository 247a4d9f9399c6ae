import {
  Delete,
  Get,
  Inject,
  Injectable,
  Param,
  Post,
  Query,
  Req,
  Res,
  UseFilters,
  UseGuards,
  type CanActivate,
  type Type,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { ChosenArea } from '../area/chosen-area.js';
import type { FileRequester } from '../catalogue/files.service.js';
import type { FileRecord } from '../contracts/records.js';
import { fromHost } from '../errors/host-error.js';
import { toCompletedUpload } from '../session/answers.js';
import { sendFile } from './file-download.js';
import { HttpAnswer, type HttpRequest } from './http-answer.js';
import { mount } from './mount.js';
import { OwnerGuard, Requester } from './owner.guard.js';
import { UploadErrorFilter } from './upload-error.filter.js';
import { UPLOAD_HTTP_OPTIONS, type ResolvedUploadHttpOptions } from './upload-http-options.js';

const DEFAULT_PAGE = 50;
const LARGEST_PAGE = 200;

/**
 * Lists, sends and deletes the files of whoever sends the request. It answers by itself, so that an interceptor that wraps
 * what other controllers return changes nothing that clients rely on.
 */
@Injectable()
export class FilesController {
  constructor(
    private readonly chosen: ChosenArea,
    private readonly adapterHost: HttpAdapterHost,
    @Inject(UPLOAD_HTTP_OPTIONS) private readonly options: ResolvedUploadHttpOptions,
  ) {}

  /** Newest first. `limit` is 1 to 200, `cursor` is the `nextCursor` of the previous page. */
  @Get()
  async list(
    @Requester() { owner }: FileRequester,
    @Res() response: object,
    @Query('limit') limit: unknown,
    @Query('cursor') cursor: unknown,
  ): Promise<void> {
    const { files } = this.chosen.area;
    const page = await fromHost(() => files.list(owner, pageSizeOf(limit), textOrNone(cursor)));
    this.answer(response, 200, {
      files: page.files.map((file) => this.entryOf(file)),
      nextCursor: page.nextCursor,
    });
  }

  /** Sends the file, or one range of it. */
  @Get(':fileId')
  async download(
    @Requester() requester: FileRequester,
    @Param('fileId') fileId: string,
    @Req() request: HttpRequest,
    @Res() response: object,
  ): Promise<void> {
    const { files } = this.chosen.area;
    const answer = new HttpAnswer(this.adapterHost, response);
    await fromHost(async () => {
      const file = await files.findForDownload(fileId, requester);
      await sendFile(files, file, request, answer, this.options.downloadIdleTimeoutMs);
    });
  }

  /**
   * A link that leads to the file without a credential, for some hours: for a page on another host, whose cookies the
   * browser does not send with a download.
   */
  @Post(':fileId/link')
  async link(
    @Requester() requester: FileRequester,
    @Param('fileId') fileId: string,
    @Res() response: object,
  ): Promise<void> {
    const { files, options } = this.chosen.area;
    const { expiresAt, signature } = await fromHost(() => files.grantDownload(fileId, requester));
    const url = options.fileUrl(fileId);
    const query = `${url.includes('?') ? '&' : '?'}expiresAt=${expiresAt}&signature=${signature}`;
    this.answer(response, 201, { url: `${url}${query}`, expiresAt: new Date(expiresAt).toISOString() });
  }

  @Delete(':fileId')
  async remove(
    @Requester() requester: FileRequester,
    @Param('fileId') fileId: string,
    @Res() response: object,
  ): Promise<void> {
    const { files } = this.chosen.area;
    await fromHost(() => files.remove(fileId, requester));
    this.answer(response, 204);
  }

  private answer(response: object, status: number, body?: object): void {
    const answer = new HttpAnswer(this.adapterHost, response);
    if (!answer.isOver) answer.send(status, body);
  }

  private entryOf(file: FileRecord) {
    const { metadata, createdAt } = file;
    const { fileUrl } = this.chosen.area.options;
    return { ...toCompletedUpload(file, fileUrl), metadata, createdAt: new Date(createdAt).toISOString() };
  }
}

/** A controller of its own for each module, because Nest keeps the path with the class. */
export function newFilesController(guards: readonly (Type<CanActivate> | CanActivate)[]): Type<FilesController> {
  @UseGuards(...guards, OwnerGuard)
  @UseFilters(UploadErrorFilter)
  class MountedFilesController extends FilesController {}
  return mount(MountedFilesController, {});
}

function pageSizeOf(limit: unknown): number {
  return Math.min(LARGEST_PAGE, Math.max(1, Number.parseInt(textOrNone(limit) ?? '', 10) || DEFAULT_PAGE));
}

/** A parameter that is given twice is a list. */
const textOrNone = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
