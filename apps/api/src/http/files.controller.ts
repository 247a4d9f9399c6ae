import { Controller, Delete, Get, HttpCode, Inject, Param, Query, Req, Res, UseGuards } from '@nestjs/common';
import {
  FilesService,
  toCompletedUpload,
  UPLOAD_OPTIONS,
  type FileRecord,
  type FileRequester,
  type ResolvedUploadOptions,
} from '@upload-streams/nest';
import type { Request, Response } from 'express';
import { sendFile } from './file-download.js';
import { OwnerGuard, Requester } from './owner.guard.js';

const DEFAULT_PAGE = 50;
const LARGEST_PAGE = 200;

/** Lists, sends and deletes the files of whoever sends the request. */
@Controller('api/files')
@UseGuards(OwnerGuard)
export class FilesController {
  constructor(
    private readonly files: FilesService,
    @Inject(UPLOAD_OPTIONS) private readonly options: ResolvedUploadOptions,
  ) {}

  /** Newest first. `limit` is 1 to 200, `cursor` is the `nextCursor` of the previous page. */
  @Get()
  async list(@Requester() { owner }: FileRequester, @Query('limit') limit?: string, @Query('cursor') cursor?: string) {
    const pageSize = Math.min(LARGEST_PAGE, Math.max(1, Number.parseInt(limit ?? '', 10) || DEFAULT_PAGE));
    const { files, nextCursor } = await this.files.list(owner, pageSize, cursor);
    return { files: files.map((file) => this.entryOf(file)), nextCursor };
  }

  /** Sends the file, or one range of it. */
  @Get(':fileId')
  async download(
    @Requester() requester: FileRequester,
    @Param('fileId') fileId: string,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const file = await this.files.find(fileId, requester);
    await sendFile(this.files, file, request, response);
  }

  @Delete(':fileId')
  @HttpCode(204)
  async remove(@Requester() requester: FileRequester, @Param('fileId') fileId: string): Promise<void> {
    await this.files.remove(fileId, requester);
  }

  private entryOf(file: FileRecord) {
    const { metadata, createdAt } = file;
    return { ...toCompletedUpload(file, this.options.fileUrl), metadata, createdAt: new Date(createdAt).toISOString() };
  }
}
