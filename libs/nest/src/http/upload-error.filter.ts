import { Catch, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { UploadError } from '@upload-streams/protocol';
import { HttpAnswer } from './http-answer.js';

/**
 * Answers upload errors with `{ error: { code, message, recovery, details? } }` and the status from the error table.
 * What guards, interceptors and pipes of the application throw is left to its own filters.
 */
@Catch(UploadError)
export class UploadErrorFilter implements ExceptionFilter<UploadError> {
  constructor(private readonly adapterHost: HttpAdapterHost) {}

  catch(error: UploadError, host: ArgumentsHost): void {
    const answer = new HttpAnswer(this.adapterHost, host.switchToHttp().getResponse<object>());
    if (answer.isOver) return;
    answer.headers(retryAfter(error)).send(error.status, { error: error.toBody() });
  }
}

export function retryAfter({ details }: UploadError): Record<string, string> {
  const retryAfterMs = details?.['retryAfterMs'];
  return typeof retryAfterMs === 'number' ? { 'Retry-After': String(Math.ceil(retryAfterMs / 1000)) } : {};
}
