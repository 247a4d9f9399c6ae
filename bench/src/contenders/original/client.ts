import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { io, type Socket } from 'socket.io-client';
import type { BenchClient, JobFile } from '../../client/job.ts';
import { runJob } from '../../client/run-job.ts';

const CHUNK_BYTES = 10 * 1024;

await runJob(async ({ url }) => {
  const socket = io(url, { forceNew: true });
  await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('connect_error', reject));
  return { upload: (file) => upload(socket, file), close: () => socket.disconnect() } satisfies BenchClient;
});

/** The original workflow: one chunk at a time, each after the ack of the previous one. */
async function upload(socket: Socket, { path, size }: JobFile): Promise<string> {
  const sessionID = randomUUID();
  const success = new Promise<string>((resolve) => socket.once(`upload_success_${sessionID}`, resolve));
  await socket.emitWithAck('begin_upload', sessionID);
  let sent = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: CHUNK_BYTES })) {
    sent += (chunk as Buffer).length;
    await socket.emitWithAck(`upload_chunk_${sessionID}`, { chunk, last: sent === size });
  }
  return success;
}
