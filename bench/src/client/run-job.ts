import { createInterface } from 'node:readline';
import type { BenchClient, ClientJob, ClientResult } from './job.ts';
import { watchSockets } from './socket-watch.ts';

/** More uploads at once than these warm nothing that is cold. */
const WARM_UPS = 64;

/** So much in all. More would take memory that is just there from what is measured (see RESULTS.md). */
const WARM_UP_BYTES = 256 * 1024 * 1024;

/** What a contender's client runs: it reads a job, warms up, says `ready`, waits for a line and uploads by the clock. */
export async function runJob(open: (job: ClientJob) => BenchClient | Promise<BenchClient>): Promise<void> {
  const lines = createInterface(process.stdin);
  // Without the bench nobody waits for the end.
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

/** Each lane uploads the same file, once at least, and again while there is time for it. */
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

/** Each lane takes the next file as soon as it is done with one. */
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
