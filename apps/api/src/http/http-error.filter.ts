import { Catch, HttpException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { toUploadError } from '@upload-streams/nest';
import type { UploadError } from '@upload-streams/protocol';
import type { Response } from 'express';

/**
 * Answers errors of ours, and what is unexpected, as `{ error: { code, message, recovery, details? } }` under the status
 * of the catalogue. Nest's own, such as 404 for a path that does not exist, keep their form.
 */
@Catch()
export class HttpErrorFilter implements ExceptionFilter {
  catch(exception: unknown, host: ArgumentsHost): void {
    const response = host.switchToHttp().getResponse<Response>();
    if (exception instanceof HttpException && !response.headersSent) {
      response.status(exception.getStatus()).json(exception.getResponse());
      return;
    }
    if (response.headersSent) {
      // Too late for an answer: a short body is all that can still be told.
      response.destroy();
      return;
    }
    const error = toUploadError(exception);
    tellRetryAfter(response, error);
    response.status(error.status).json({ error: error.toBody() });
  }
}

function tellRetryAfter(response: Response, { details }: UploadError): void {
  const retryAfterMs = details?.['retryAfterMs'];
  if (typeof retryAfterMs === 'number') response.setHeader('Retry-After', Math.ceil(retryAfterMs / 1000));
}
