import { randomUUID } from 'node:crypto';
import { open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { WebSocketServer } from 'ws';
import { folder, listen } from '../../server/listen.ts';

interface OpenFile {
  readonly handle: FileHandle;
  readonly name: string;
  offset: number;
}

// The least that a WebSocket server can do: it writes each message at its offset and acknowledges it. A text ends the file.
const server = new WebSocketServer({ server: await listen(), perMessageDeflate: false });
server.on('connection', (socket) => {
  let work: Promise<void> = Promise.resolve();
  let file: OpenFile | undefined;
  const write = async (bytes: Buffer) => {
    file ??= await create();
    await file.handle.write(bytes, 0, bytes.length, file.offset);
    file.offset += bytes.length;
    socket.send('ack');
  };
  const end = async () => {
    await file?.handle.close();
    socket.send(file?.name ?? '');
    file = undefined;
  };
  socket.on('message', (data, isBinary) => (work = work.then(() => (isBinary ? write(data as Buffer) : end()))));
});

async function create(): Promise<OpenFile> {
  const name = randomUUID();
  return { handle: await open(join(folder, name), 'w'), name, offset: 0 };
}
