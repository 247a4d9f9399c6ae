import { Catch, HttpException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { toUploadError } from '@upload-streams/nest';
import type { UploadError } from '@upload-streams/protocol';
import type { Response } from 'express';

/**
 * Answers upload errors, and unexpected ones, with `{ error: { code, message, recovery, details? } }` and the status from
 * the error catalogue. Nest's own errors, such as 404 for a path that does not exist, keep their form.
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
      // Too late for an error response. The client notices that the body is too short.
      response.destroy();
      return;
    }
    const error = toUploadError(exception);
    setRetryAfter(response, error);
    response.status(error.status).json({ error: error.toBody() });
  }
}

function setRetryAfter(response: Response, { details }: UploadError): void {
  const retryAfterMs = details?.['retryAfterMs'];
  if (typeof retryAfterMs === 'number') response.setHeader('Retry-After', Math.ceil(retryAfterMs / 1000));
}
