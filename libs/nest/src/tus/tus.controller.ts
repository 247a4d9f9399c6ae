import {
  Delete,
  Get,
  Inject,
  Injectable,
  Options,
  Param,
  Patch,
  Post,
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
import { toUploadError } from '../errors/host-error.js';
import { sendFile } from '../http/file-download.js';
import { HttpAnswer, type Headers, type HttpRequest } from '../http/http-answer.js';
import { mount } from '../http/mount.js';
import { OwnerGuard, Requester } from '../http/owner.guard.js';
import { discardRest } from './request-body.js';
import { TusEndpoint } from './tus-endpoint.js';
import { TusErrorFilter } from './tus-error.filter.js';
import { hasBody, requireOffsetStream, requireVersion, TUS_EXTENSIONS, TUS_VERSION } from './tus-headers.js';
import { TusProblem } from './tus-problem.js';
import { tusRequest, type TusRequest } from './tus-request.js';
import { TusUploads, type TusUpload } from './tus-uploads.js';
import { CHECKSUM_ALGORITHMS } from './upload-checksum.js';
import { writeMetadata } from './upload-metadata.js';
import { UPLOAD_TUS_OPTIONS, type ResolvedUploadTusOptions } from './upload-tus-options.js';

interface Answer {
  readonly status: number;
  readonly headers: Headers;
}

/** The requests of tus 1.0: https://tus.io/protocols/resumable-upload */
@Injectable()
export class TusController {
  constructor(
    private readonly chosen: ChosenArea,
    private readonly adapterHost: HttpAdapterHost,
    private readonly endpoint: TusEndpoint,
    private readonly uploads: TusUploads,
    @Inject(UPLOAD_TUS_OPTIONS) private readonly options: ResolvedUploadTusOptions,
  ) {}

  @Options(['', ':sessionID'])
  capabilities(@Res() response: object): void {
    this.send(response, {
      status: 204,
      headers: {
        'Tus-Version': TUS_VERSION,
        'Tus-Extension': TUS_EXTENSIONS.join(','),
        'Tus-Checksum-Algorithm': CHECKSUM_ALGORITHMS.join(','),
        'Tus-Max-Size': String(this.chosen.area.options.maxFileBytes),
      },
    });
  }

  @Post()
  async create(
    @Requester() requester: FileRequester,
    @Req() request: HttpRequest,
    @Res() response: object,
  ): Promise<void> {
    await this.answer(requester, request, response, async (tus) => {
      if (hasBody(request.headers)) requireOffsetStream(request.headers);
      const { sessionID, offset } = await this.uploads.create(tus);
      const headers = { Location: this.endpoint.urlOf(sessionID), 'Upload-Offset': String(offset), ...this.expiry() };
      return { status: 201, headers };
    });
  }

  @Patch(':sessionID')
  async append(
    @Requester() requester: FileRequester,
    @Param('sessionID') sessionID: string,
    @Req() request: HttpRequest,
    @Res() response: object,
  ): Promise<void> {
    await this.answer(requester, request, response, async (tus) => {
      requireOffsetStream(request.headers);
      const offset = await this.uploads.append(tus, sessionID);
      return { status: 204, headers: { 'Upload-Offset': String(offset), ...this.expiry() } };
    });
  }

  /** For clients that can send no other method: the real one is in a header. */
  @Post(':sessionID')
  override(
    @Requester() requester: FileRequester,
    @Param('sessionID') sessionID: string,
    @Req() request: HttpRequest,
    @Res() response: object,
  ): Promise<void> {
    const method = request.headers['x-http-method-override'];
    if (method === 'PATCH') return this.append(requester, sessionID, request, response);
    if (method === 'DELETE') return this.terminate(requester, sessionID, request, response);
    throw new TusProblem('METHOD');
  }

  /** `HEAD` describes the upload; `GET` sends the file once it is complete. */
  @Get(':sessionID')
  async read(
    @Requester() requester: FileRequester,
    @Param('sessionID') sessionID: string,
    @Req() request: HttpRequest,
    @Res() response: object,
  ): Promise<void> {
    if (request.method === 'HEAD') {
      return this.answer(requester, request, response, async (tus) => {
        return { status: 200, headers: this.describe(await this.uploads.describe(tus, sessionID)) };
      });
    }
    await translated(async () => {
      const file = await this.uploads.fileOf(requester, sessionID);
      const answer = new HttpAnswer(this.adapterHost, response);
      await sendFile(this.chosen.area.files, file, request, answer, this.options.idleTimeoutMs);
    });
  }

  @Delete(':sessionID')
  async terminate(
    @Requester() requester: FileRequester,
    @Param('sessionID') sessionID: string,
    @Req() request: HttpRequest,
    @Res() response: object,
  ): Promise<void> {
    await this.answer(requester, request, response, async (tus) => {
      await this.uploads.terminate(tus, sessionID);
      return { status: 204, headers: {} };
    });
  }

  private async answer(
    requester: FileRequester,
    request: HttpRequest,
    response: object,
    work: (request: TusRequest) => Promise<Answer>,
  ): Promise<void> {
    const tus = tusRequest(requester, request);
    try {
      const answer = await translated(async () => {
        requireVersion(request.headers);
        return work(tus);
      });
      this.send(response, answer);
    } finally {
      discardRest(tus.raw);
    }
  }

  private send(response: object, { status, headers }: Answer): void {
    const answer = new HttpAnswer(this.adapterHost, response);
    if (answer.isOver) return;
    answer.headers({ 'Tus-Resumable': TUS_VERSION, 'Cache-Control': 'no-store', ...headers }).send(status);
  }

  private describe(upload: TusUpload): Headers {
    if ('file' in upload) {
      const size = String(upload.file.size);
      return { 'Upload-Offset': size, 'Upload-Length': size, 'Upload-Metadata': writeMetadata(upload.file) };
    }
    const { record, offset, length } = upload;
    return {
      'Upload-Offset': String(offset),
      ...(length === undefined ? { 'Upload-Defer-Length': '1' } : { 'Upload-Length': String(length) }),
      'Upload-Metadata': writeMetadata(record),
      ...this.expiry(),
    };
  }

  /** When an unfinished upload is removed if nobody continues it. */
  private expiry(): Headers {
    return { 'Upload-Expires': new Date(Date.now() + this.chosen.area.options.sessionTtlMs).toUTCString() };
  }
}

/** A controller of its own for each module, because Nest keeps the path with the class. */
export function newTusController(guards: readonly (Type<CanActivate> | CanActivate)[]): Type<TusController> {
  @UseGuards(...guards, OwnerGuard)
  @UseFilters(TusErrorFilter)
  class MountedTusController extends TusController {}
  return mount(MountedTusController, {});
}

/** What is neither a problem of tus nor an error of the table becomes one, and is logged. */
async function translated<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof TusProblem ? error : toUploadError(error);
  }
}
