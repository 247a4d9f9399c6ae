import {
  uploadErrorEvent,
  uploadInProgressEvent,
  uploadSuccessEvent,
  type CompletedUpload,
  type UploadError,
  type UploadInProgress,
} from '@upload-streams/protocol';
import type { Socket } from 'socket.io';
import type { UploadConnection } from '../session/upload-connection.js';

/** A Socket.IO connection as the sessions see it. */
export class SocketConnection implements UploadConnection {
  constructor(
    private readonly socket: Socket,
    readonly owner: string | null,
  ) {}

  get connected(): boolean {
    return this.socket.connected;
  }

  completed(sessionID: string, file: CompletedUpload): void {
    this.socket.emit(uploadSuccessEvent(sessionID), file);
  }

  inProgress(sessionID: string, step: UploadInProgress['step']): void {
    this.socket.emit(uploadInProgressEvent(sessionID), { step });
  }

  failed(sessionID: string, error: UploadError): void {
    this.socket.emit(uploadErrorEvent(sessionID), error.message, error.toBody());
  }

  disconnect(): void {
    this.socket.disconnect(true);
  }
}
