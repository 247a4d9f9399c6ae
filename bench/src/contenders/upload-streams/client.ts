import type * as nodeClient from '@upload-streams/client/node';
import type { BenchClient, ClientJob, JobFile, OnProgress } from '../../client/job.ts';
import { runJob } from '../../client/run-job.ts';
import { sourceStream } from '../../client/source-stream.ts';

const READ_BYTES = 64 * 1024;

await runJob(async (job) => {
  const { createNodeUploadClient } = await clientModuleOf(job);
  const concurrency = Math.ceil(job.atOnce / job.connections);
  const client = createNodeUploadClient({ url: job.url, concurrency });
  return {
    upload: (file, onProgress) => upload(client, file, job, onProgress),
    close: () => client.close(),
  } satisfies BenchClient;
});

/** This checkout's client, or that of the checkout it is compared with. */
function clientModuleOf({ settings }: ClientJob): Promise<typeof nodeClient> {
  const other = settings['clientModule'];
  return typeof other === 'string' ? import(other) : import('@upload-streams/client/node');
}

function upload(
  client: nodeClient.NodeUploadClient,
  file: JobFile,
  job: ClientJob,
  onProgress: OnProgress,
): Promise<string> {
  const slow = job.sourceBytesPerSecond !== undefined;
  const source = slow ? sourceStream(file, job, READ_BYTES) : file.path;
  return new Promise((resolve, reject) => {
    const next = (state: nodeClient.UploadState) => {
      onProgress(state.uploaded);
      if (state.status === 'completed') resolve(`${state.file.fileId}/${state.file.fileName}`);
      if (state.status === 'failed') reject(state.error);
    };
    client.upload(source, { fileName: file.name, size: file.size }).subscribe({ next, error: reject });
  });
}
