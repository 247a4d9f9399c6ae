import { createInterface } from 'node:readline';
import type { BenchClient, ClientJob, ClientResult } from './job.ts';
import { watchSockets } from './socket-watch.ts';

/** More uploads at once would warm up nothing else. */
const WARM_UPS = 64;

/** For all uploads of the warm-up. More would use up the memory that the measured uploads need (see RESULTS.md). */
const WARM_UP_BYTES = 256 * 1024 * 1024;

/** Runs a client: reads a job, warms up, prints `ready`, waits for a line, uploads, and prints the result. */
export async function runJob(open: (job: ClientJob) => BenchClient | Promise<BenchClient>): Promise<void> {
  const lines = createInterface(process.stdin);
  // The benchmark has ended.
  lines.once('close', () => process.exit());
  const job = await new Promise<ClientJob>((resolve) => lines.once('line', (line) => resolve(JSON.parse(line))));
  const written = job.watchSockets ? watchSockets() : undefined;
  const clients = await Promise.all(Array.from({ length: job.connections }, () => open(job)));
  await warmUp(job, clients);
  const go = new Promise((resolve) => lines.once('line', resolve));
  process.stdout.write('ready\n');
  await go;
  const result = await timed(job, clients);
  const page = await clients[0]?.facts?.();
  process.stdout.write(`${JSON.stringify({ ...result, written, page })}\n`);
  for (const client of clients) client.close();
}

/** Each lane uploads the same file at least once, and again until the time is over. */
async function warmUp(job: ClientJob, clients: readonly BenchClient[]): Promise<void> {
  const count = Math.min(job.atOnce, Math.max(clients.length, WARM_UPS));
  const until = performance.now() + 1000 * job.warmUpSeconds;
  const most = WARM_UP_BYTES / job.warmUp.size / count;
  const lane = async (client: BenchClient) => {
    let uploads = 0;
    do await client.upload(job.warmUp, () => undefined);
    while (++uploads < most && performance.now() < until);
  };
  await Promise.all(Array.from({ length: count }, (_, n) => lane(clients[n % clients.length]!)));
}

async function timed(job: ClientJob, clients: readonly BenchClient[]): Promise<ClientResult> {
  const progress: number[] = job.files.map(() => 0);
  const sample = sampleLater(job, progress);
  const cpuBefore = process.cpuUsage();
  const startedAt = performance.now();
  const stored = await uploadAll(job, clients, progress);
  const seconds = (performance.now() - startedAt) / 1000;
  const { user, system } = process.cpuUsage(cpuBefore);
  return { seconds, cpuSeconds: (user + system) / 1e6, stored, sample: await sample };
}

/** Each lane takes the next file as soon as its last one is uploaded. */
async function uploadAll(job: ClientJob, clients: readonly BenchClient[], progress: number[]): Promise<string[]> {
  const stored: string[] = [];
  let next = 0;
  const lane = async (client: BenchClient) => {
    for (let n = next++; n < job.files.length; n = next++) {
      stored[n] = await client.upload(job.files[n]!, (bytes) => (progress[n] = bytes));
    }
  };
  await Promise.all(Array.from({ length: job.atOnce }, (_, n) => lane(clients[n % clients.length]!)));
  return stored;
}

async function sampleLater(job: ClientJob, progress: readonly number[]): Promise<number[] | undefined> {
  if (job.sampleAfterSeconds === undefined) return undefined;
  await new Promise((resolve) => setTimeout(resolve, job.sampleAfterSeconds! * 1000));
  return progress.some((bytes) => bytes > 0) ? [...progress] : undefined;
}
