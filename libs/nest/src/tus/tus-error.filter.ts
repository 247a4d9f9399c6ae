import { Catch, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { UploadError, type ErrorCode } from '@upload-streams/protocol';
import { HttpAnswer } from '../http/http-answer.js';
import { retryAfter } from '../http/upload-error.filter.js';
import { TUS_VERSION } from './tus-headers.js';
import { TusProblem } from './tus-problem.js';

/** Codes for which tus has another status than the error table. */
const STATUSES: Partial<Record<ErrorCode, number>> = {
  // tus clients begin again after 404 and 410.
  UPLOAD_CANCELLED: 410,
  // The client is gone, so nobody reads it.
  CONNECTION_LOST: 408,
};

/** Answers with the status that tus or the error table has for an error. The body is that of `UploadErrorFilter`. */
@Catch(UploadError, TusProblem)
export class TusErrorFilter implements ExceptionFilter<UploadError | TusProblem> {
  constructor(private readonly adapterHost: HttpAdapterHost) {}

  catch(error: UploadError | TusProblem, host: ArgumentsHost): void {
    const answer = new HttpAnswer(this.adapterHost, host.switchToHttp().getResponse<object>());
    if (answer.isOver) return;
    const status = statusOf(error);
    const again: Record<string, string> = status === 503 ? { 'Retry-After': '1' } : {};
    answer.headers({ 'Tus-Resumable': TUS_VERSION, 'Cache-Control': 'no-store', ...again });
    if (error instanceof UploadError) answer.headers(retryAfter(error)).send(status, { error: error.toBody() });
    else answer.headers(error.facts.answer ?? {}).send(status, { error: { code: error.code, message: error.message } });
  }
}

const statusOf = (error: UploadError | TusProblem): number =>
  error instanceof UploadError ? (STATUSES[error.code] ?? error.status) : error.status;
