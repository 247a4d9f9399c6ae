import { createReadStream } from 'node:fs';
import { Agent } from 'node:http';
import { DefaultHttpStack, Upload, type UploadOptions } from 'tus-js-client';
import type { BenchClient, JobFile } from '../../client/job.ts';
import { runJob } from '../../client/run-job.ts';

/** The default with an earlier second attempt: the first delays of the others are as short. */
const RETRY_DELAYS_MS = [0, 100, 500, 1000, 3000, 5000];

await runJob(({ url, settings }) => {
  const agent = new Agent({ keepAlive: true });
  const options: UploadOptions = {
    endpoint: `${url}/files`,
    retryDelays: RETRY_DELAYS_MS,
    storeFingerprintForResuming: false,
    httpStack: new DefaultHttpStack({ agent }),
    ...settings,
  };
  return { upload: (file) => upload(file, options), close: () => agent.destroy() } satisfies BenchClient;
});

function upload({ path }: JobFile, options: UploadOptions): Promise<string> {
  return new Promise((resolve, reject) => {
    // tus-js-client uses only the path of the stream, and reads the file at any offset.
    const upload = new Upload(createReadStream(path), {
      ...options,
      onSuccess: () => resolve(upload.url!.split('/').at(-1)!),
      onError: reject,
    });
    upload.start();
  });
}
