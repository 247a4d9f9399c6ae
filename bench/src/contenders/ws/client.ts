import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { WebSocket } from 'ws';
import type { BenchClient, ClientJob, JobFile, OnProgress } from '../../client/job.ts';
import { runJob } from '../../client/run-job.ts';
import { sourceStream } from '../../client/source-stream.ts';
import { Answers } from './answers.ts';

const CHUNK_BYTES = 1024 * 1024;
const IN_FLIGHT = 4;

await runJob(async (job) => {
  const socket = new WebSocket(job.url.replace('http', 'ws'), { perMessageDeflate: false });
  await once(socket, 'open');
  return {
    upload: (file, onProgress) => upload(socket, file, job, onProgress),
    close: () => socket.close(),
  } satisfies BenchClient;
});

/** One file at a time, with a fixed number of chunks in flight. The text after the last ack is the name of the file. */
async function upload(socket: WebSocket, file: JobFile, job: ClientJob, onProgress: OnProgress): Promise<string> {
  const answers = new Answers(socket, onProgress);
  for await (const bytes of chunksOf(file, job)) {
    await answers.until(() => answers.inFlight.length < IN_FLIGHT);
    answers.inFlight.push(bytes.length);
    socket.send(bytes);
  }
  socket.send('end');
  await answers.until(() => answers.name !== '');
  answers.stop();
  return answers.name;
}

async function* chunksOf(file: JobFile, job: ClientJob): AsyncGenerator<Buffer> {
  if (job.sourceBytesPerSecond !== undefined) return yield* sourceStream(file, job, CHUNK_BYTES);
  const handle = await open(file.path);
  for (let offset = 0; offset < file.size; offset += CHUNK_BYTES) {
    const bytes = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, file.size - offset));
    await handle.read(bytes, 0, bytes.length, offset);
    yield bytes;
  }
  await handle.close();
}
