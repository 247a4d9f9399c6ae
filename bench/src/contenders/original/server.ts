import { randomUUID } from 'node:crypto';
import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Server } from 'socket.io';
import { folder, listen } from '../../server/listen.ts';

// The usual hand-written loop: each chunk is appended and acknowledged before the next one comes.
const io = new Server(await listen());
io.on('connection', (socket) => {
  socket.on('begin_upload', (sessionID: string, ack: () => void) => {
    const name = randomUUID();
    const event = `upload_chunk_${sessionID}`;
    socket.on(event, async ({ chunk, last }: { chunk: Buffer; last: boolean }, ack: () => void) => {
      await appendFile(join(folder, name), chunk);
      ack();
      if (!last) return;
      socket.removeAllListeners(event);
      socket.emit(`upload_success_${sessionID}`, name);
    });
    ack();
  });
});
