// Uploads to three gateways behind nginx, with one Redis and one object store, while the gateways are killed or replaced
// one after another. Compares each stored file with its source, and reports.
import { createNodeUploadClient, isFinal, type NodeUploadClient, type UploadState } from '@upload-streams/client/node';
import { FaultProxy, sha256, sha256OfStream } from '@upload-streams/testing';
import { randomBytes, randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { lastValueFrom, tap } from 'rxjs';
import { Cluster, startSwift, type StoreServer } from '../support/cluster.ts';

const MIB = 1024 * 1024;
const REDIS_AWAY_AFTER_MS = 3000;
const TOKEN = randomBytes(32).toString('base64url');

const { values } = parseArgs({
  options: {
    uploads: { type: 'string', default: '50' },
    'max-mib': { type: 'string', default: '200' },
    'at-once': { type: 'string', default: '6' },
    'every-seconds': { type: 'string', default: '5' },
    signal: { type: 'string', default: 'SIGKILL' },
    most: { type: 'string' },
    'redis-away-seconds': { type: 'string', default: '0' },
    's3-endpoint': { type: 'string' },
    's3-bucket': { type: 'string', default: 'uploads' },
    'store-mib-per-second': { type: 'string' },
  },
});
const settings = {
  uploads: Number(values.uploads),
  maxMib: Number(values['max-mib']),
  atOnce: Number(values['at-once']),
  everyMs: 1000 * Number(values['every-seconds']),
  signal: values.signal as NodeJS.Signals,
  most: Number(values.most ?? Infinity),
  redisAwayMs: 1000 * Number(values['redis-away-seconds']),
  s3Endpoint: values['s3-endpoint'],
  s3Bucket: values['s3-bucket'],
  storeBytesPerSecond: MIB * Number(values['store-mib-per-second'] ?? Infinity),
};

/** The gateways use a prefix of their own, whichever bucket they get. */
const S3_PREFIX = `soak-${randomBytes(6).toString('hex')}/`;

interface Report {
  readonly mismatches: string[];
  readonly neededAPerson: string[];
  readonly reasons: Map<string, number>;
  fileBytes: number;
  replaced: number;
}

async function uploadOne(client: NodeUploadClient, pool: Buffer, number: number, report: Report): Promise<void> {
  const size = randomInt(MIB, settings.maxMib * MIB);
  const start = randomInt(MIB);
  const content = pool.subarray(start, start + size);
  const sent = sha256(content);
  const note = (state: UploadState) => {
    if (state.status !== 'waiting') return;
    report.reasons.set(state.reason.code, (report.reasons.get(state.reason.code) ?? 0) + 1);
  };
  const last = await lastValueFrom(client.upload(content, { fileName: `${number}.bin` }).pipe(tap(note)));
  if (last.status === 'completed') {
    report.fileBytes += size;
    if (last.file.sha256 !== sent) report.mismatches.push(`${number}.bin says ${last.file.sha256}, not ${sent}`);
    report.mismatches.push(...(await downloaded(last.file.url, sent)));
  } else if (isFinal(last)) {
    const why = last.status === 'failed' ? `${last.error.code}: ${String(last.error.cause ?? last.error.message)}` : '';
    report.neededAPerson.push(`${number}.bin of ${size} bytes: ${last.status} ${why}`);
  }
}

let gatewayUrl = '';

/** Compares the downloaded file too. If the gateway is killed meanwhile, it tries again. */
async function downloaded(url: string, sent: string): Promise<string[]> {
  for (let attempts = 0; attempts < 30; attempts++) {
    try {
      const response = await fetch(gatewayUrl + url, { headers: { Authorization: `Bearer ${TOKEN}` } });
      if (response.status >= 500) throw new Error(`status ${response.status}`);
      const found = await sha256OfStream(response.body!);
      return found === sent ? [] : [`${url} has ${found}, not ${sent} (status ${response.status})`];
    } catch {
      await delay(500);
    }
  }
  return [`${url} could not be downloaded`];
}

async function replaceInTurn(cluster: Cluster, report: Report, over: AbortSignal): Promise<void> {
  for (let index = 0; report.replaced < settings.most; index = (index + 1) % cluster.size) {
    await delay(settings.everyMs, undefined, { signal: over }).catch(() => undefined);
    if (over.aborted) return;
    await cluster.replace(index, settings.signal);
    report.replaced++;
    process.stdout.write(`${report.replaced} gateways replaced, ${(report.fileBytes / MIB).toFixed(0)} MiB stored\n`);
  }
}

/** The store at `--s3-endpoint`, with the access keys of the environment, or else Swift. */
async function startStore(): Promise<StoreServer> {
  const { s3Endpoint, s3Bucket } = settings;
  if (s3Endpoint === undefined) return startSwift();
  const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, S3_REGION = 'us-east-1' } = process.env;
  if (!AWS_ACCESS_KEY_ID || !AWS_SECRET_ACCESS_KEY) {
    throw new Error('--s3-endpoint needs AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment');
  }
  return {
    url: s3Endpoint,
    region: S3_REGION,
    bucket: s3Bucket,
    accessKeyId: AWS_ACCESS_KEY_ID,
    secretAccessKey: AWS_SECRET_ACCESS_KEY,
    close: () => Promise.resolve(),
  };
}

/** The store behind a link of `--store-mib-per-second`, for each direction of each connection. */
async function slowed(store: StoreServer): Promise<StoreServer> {
  const bytesPerSecond = settings.storeBytesPerSecond;
  if (bytesPerSecond === Infinity) return store;
  const { hostname, port, protocol } = new URL(store.url);
  if (protocol !== 'http:') throw new Error('--store-mib-per-second needs an endpoint of http:');
  const link = await FaultProxy.open({ host: hostname, port: Number(port || 80) });
  link.shape({ upstream: { bytesPerSecond }, downstream: { bytesPerSecond } });
  const close = async () => {
    await link.close();
    await store.close();
  };
  return { ...store, url: link.url, close };
}

/** Stops Redis once, soon after the start. */
async function takeRedisAway({ redis }: Cluster): Promise<void> {
  if (settings.redisAwayMs === 0) return;
  await delay(REDIS_AWAY_AFTER_MS);
  await redis.stop('SIGKILL');
  process.stdout.write(`Redis is away for ${settings.redisAwayMs / 1000} s\n`);
  await delay(settings.redisAwayMs);
  await redis.startAgain();
}

async function main(): Promise<void> {
  const cluster = await Cluster.start(3, { S3_PREFIX }, async () => slowed(await startStore()));
  gatewayUrl = cluster.url;
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.once(signal, () => void cluster.close().finally(() => process.exit(130)));
  }
  try {
    await soak(cluster);
  } finally {
    await cluster.close();
  }
}

async function soak(cluster: Cluster): Promise<void> {
  const report: Report = { mismatches: [], neededAPerson: [], reasons: new Map(), fileBytes: 0, replaced: 0 };
  const link = await FaultProxy.open({ port: Number(new URL(cluster.url).port) });
  const pool = randomBytes((settings.maxMib + 1) * MIB);
  const over = new AbortController();
  const started = performance.now();
  const faults = Promise.all([takeRedisAway(cluster), replaceInTurn(cluster, report, over.signal)]);
  let next = 0;
  const uploading = Array.from({ length: settings.atOnce }, async () => {
    const client = createNodeUploadClient({ url: link.url, token: TOKEN });
    while (next < settings.uploads) await uploadOne(client, pool, next++, report);
    client.close();
  });
  const uploads = Promise.all(uploading);
  // A gateway that does not start again ends the soak.
  await Promise.race([uploads, faults.then(() => uploads)]);
  const seconds = (performance.now() - started) / 1000;
  over.abort();
  await faults;
  const beyond = link.sent('upstream') - report.fileBytes;
  await link.close();
  const reasons = [...report.reasons].map(([code, count]) => `${code} ${count}`).join(', ');
  const lines = [
    `uploads               ${settings.uploads}, ${(report.fileBytes / MIB).toFixed(0)} MiB in ${seconds.toFixed(0)} s`,
    `gateways replaced     ${report.replaced} by ${settings.signal}, one each ${settings.everyMs / 1000} s and the time of a start`,
    `clients waited for    ${reasons || 'nothing'}`,
    `sent beyond the files ${(beyond / MIB).toFixed(1)} MiB, ${((100 * beyond) / report.fileBytes).toFixed(1)} %`,
    `needed a person       ${report.neededAPerson.length}`,
    ...report.neededAPerson,
    `mismatches            ${report.mismatches.length}`,
    ...report.mismatches,
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
  process.exitCode = report.mismatches.length + report.neededAPerson.length > 0 ? 1 : 0;
}

await main();
// After a failure, uploads may still be in progress: they must not keep the process alive.
process.exit();
