// npm run bench:s3: 1 GiB through the gateway into a real object store, beside the AWS SDK's own `Upload` from a file; then
// a fast client with a slow store. Needs Swift (see libs/testing/src/swift-server.ts) and Node 24.
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { createNodeUploadClient } from '@upload-streams/client/node';
import { FaultProxy, ServerProcess, SwiftServer } from '@upload-streams/testing';
import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const MIB = 1024 * 1024;
const PART_BYTES = 8 * MIB;
const ROUNDS = 3;
/** For all connections together: the gateway sends four parts at once, and the proxy shapes each connection. */
const SLOW_BYTES_PER_SECOND = 5_000_000;
const PARTS_AT_ONCE = 4;
const ENTRY = fileURLToPath(new URL('../../apps/api/dist/main.js', import.meta.url));

const folder = await mkdtemp(join(tmpdir(), 'upload-streams-s3-'));
const store = await SwiftServer.start();
const sdk = new S3Client({
  endpoint: store.url,
  region: store.region,
  forcePathStyle: true,
  credentials: { accessKeyId: store.accessKeyId, secretAccessKey: store.secretAccessKey },
  requestChecksumCalculation: 'WHEN_REQUIRED',
});
await sdk.send(new CreateBucketCommand({ Bucket: 'uploads' }));

async function makeFile(bytes) {
  const path = join(folder, `${bytes}.bin`);
  const block = randomBytes(16 * MIB);
  const file = await open(path, 'w');
  for (let written = 0; written < bytes; written += block.length) {
    block.writeDoubleBE(written);
    await file.write(block, 0, Math.min(block.length, bytes - written));
  }
  await file.close();
  return path;
}

const startGateway = (endpoint) =>
  ServerProcess.start({
    entry: ENTRY,
    env: {
      DATA_DIR: join(folder, 'data'),
      STORAGE: 's3',
      S3_BUCKET: 'uploads',
      S3_ENDPOINT: endpoint,
      S3_REGION: store.region,
      S3_PATH_STYLE: 'true',
      S3_CHECKSUMS: 'when_required',
      AWS_ACCESS_KEY_ID: store.accessKeyId,
      AWS_SECRET_ACCESS_KEY: store.secretAccessKey,
    },
  });

/** Memory of a process in MiB from /proc: now (VmRSS) or at its peak (VmHWM). */
async function memoryOf(pid, what) {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(new RegExp(`${what}:\\s+(\\d+)`).exec(status)[1]) / 1024;
}

async function timed(work) {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1000;
}

async function throughGateway(path, endpoint) {
  const gateway = await startGateway(endpoint);
  const client = createNodeUploadClient({ url: gateway.url });
  await client.uploadToEnd(randomBytes(MIB), { fileName: 'warm.bin' });
  const idle = await memoryOf(gateway.pid, 'VmRSS');
  const seconds = await timed(() => client.uploadToEnd(path, { fileName: 'one.bin' }));
  const growth = (await memoryOf(gateway.pid, 'VmHWM')) - idle;
  client.close();
  await gateway.stop();
  return { seconds, idle, growth };
}

const bySdk = (path, round) =>
  timed(() =>
    new Upload({
      client: sdk,
      params: { Bucket: 'uploads', Key: `sdk-${round}`, Body: createReadStream(path, { highWaterMark: MIB }) },
      partSize: PART_BYTES,
      queueSize: PARTS_AT_ONCE,
    }).done(),
  );

try {
  const gibibyte = await makeFile(1024 * MIB);
  for (let round = 1; round <= ROUNDS; round++) {
    const ours = await throughGateway(gibibyte, store.url);
    const theirs = await bySdk(gibibyte, round);
    console.log(
      `1 GiB, round ${round}: gateway ${ours.seconds.toFixed(1)} s, the SDK's Upload ${theirs.toFixed(1)} s, ` +
        `ratio ${(theirs / ours.seconds).toFixed(2)}; the gateway grew by ${ours.growth.toFixed(0)} MiB`,
    );
  }
  const slow = await FaultProxy.open({ port: store.port });
  slow.shape({ upstream: { bytesPerSecond: SLOW_BYTES_PER_SECOND / PARTS_AT_ONCE } });
  const { seconds, growth } = await throughGateway(await makeFile(256 * MIB), slow.url);
  console.log(`256 MiB into 5 MB/s: ${seconds.toFixed(1)} s; the gateway grew by ${growth.toFixed(0)} MiB`);
  await slow.close();
} finally {
  await store.close();
  await rm(folder, { recursive: true, force: true });
}
