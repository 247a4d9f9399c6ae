import { Catch, HttpException, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { UploadError } from '@upload-streams/protocol';
import type { Response } from 'express';

/**
 * Answers errors of ours, and what is unexpected, as `{ error: { code, message, recovery, details? } }` under the status
 * of the catalogue. Nest's own, such as 404 for a path that does not exist, keep their form.
 */
@Catch()
export class HttpErrorFilter implements ExceptionFilter {
  private readonly logger = new Logger(HttpErrorFilter.name);

  catch(exception: unknown, host: ArgumentsHost): void {
    const response = host.switchToHttp().getResponse<Response>();
    if (exception instanceof HttpException) {
      response.status(exception.getStatus()).json(exception.getResponse());
      return;
    }
    const error = UploadError.from(exception);
    if (error !== exception) this.logger.error(exception);
    response.status(error.status).json({ error: error.toBody() });
  }
}
