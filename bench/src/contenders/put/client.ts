import { Agent, request, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import type { BenchClient } from '../../client/job.ts';
import { runJob } from '../../client/run-job.ts';
import { sourceStream } from '../../client/source-stream.ts';

await runJob((job) => {
  const agent = new Agent({ keepAlive: true });
  const readBytes = job.settings['readBytes'] as number;
  return {
    async upload(file) {
      const sending = request(job.url, { agent, method: 'PUT', headers: { 'Content-Length': file.size } });
      const answer = new Promise<IncomingMessage>((resolve, reject) =>
        sending.once('response', resolve).once('error', reject),
      );
      await Promise.all([answer, pipeline(sourceStream(file, job, readBytes), sending)]);
      return text(await answer);
    },
    close: () => agent.destroy(),
  } satisfies BenchClient;
});
