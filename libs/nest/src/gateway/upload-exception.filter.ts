import { Catch, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { BEGIN_UPLOAD, refuse, uploadErrorEvent } from '@upload-streams/protocol';
import type { Socket } from 'socket.io';
import { toUploadError } from '../errors/host-error.js';
import { isOriginalPayload, sessionOfPayload } from './original-workflow.js';

/**
 * Answers the ack with the error, where Nest's own filter would emit `exception` and send back what it received. Clients
 * of the original workflow get `upload_error_{ID}` and no ack.
 */
@Catch()
export class UploadExceptionFilter implements ExceptionFilter {
  catch(exception: unknown, host: ArgumentsHost): void {
    const [socket, payload, ack] = host.getArgs<[Socket, unknown, unknown]>();
    const isBegin = host.switchToWs().getPattern() === BEGIN_UPLOAD;
    const error = toUploadError(exception);
    const sessionID = sessionOfPayload(payload);
    if (isBegin && isOriginalPayload(payload) && sessionID !== undefined) {
      socket.emit(uploadErrorEvent(sessionID), error.message, error.toBody());
    } else if (typeof ack === 'function') ack(refuse(error));
  }
}
