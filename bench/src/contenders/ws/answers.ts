import type { WebSocket } from 'ws';
import type { OnProgress } from '../../client/job.ts';

/** The server's answers for one file. */
export class Answers {
  readonly inFlight: number[] = [];
  name = '';
  private acked = 0;
  private wake = (): void => undefined;
  private readonly socket: WebSocket;
  private readonly onProgress: OnProgress;

  constructor(socket: WebSocket, onProgress: OnProgress) {
    this.socket = socket;
    this.onProgress = onProgress;
    socket.on('message', this.take);
  }

  async until(isTrue: () => boolean): Promise<void> {
    while (!isTrue()) await new Promise<void>((resolve) => (this.wake = resolve));
  }

  stop(): void {
    this.socket.off('message', this.take);
  }

  private readonly take = (data: object): void => {
    const text = String(data);
    if (text !== 'ack') this.name = text;
    else this.onProgress((this.acked += this.inFlight.shift()!));
    this.wake();
  };
}
