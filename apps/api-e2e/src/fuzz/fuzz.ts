// Sends random input to a gateway while another owner uploads to it, and reports on both.
import { createNodeUploadClient, type NodeUploadClient } from '@upload-streams/client/node';
import { type GatewayProcess, sha256 } from '@upload-streams/testing';
import { randomBytes, randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { lastValueFrom, tap } from 'rxjs';
import { startGateway } from '../support/gateway.ts';
import { metricsOf, type ProcessMetrics } from '../support/process-metrics.ts';
import { ATTACKERS } from './fuzz-attackers.ts';
import { SeededRandom } from '../support/seeded-random.ts';

const MIB = 1024 * 1024;
const ATTACKS_AT_ONCE = 4;
const HONEST_BYTES = 3 * MIB;

/** Memory is first measured after this share of the inputs, when all code has run. */
const WARM_UP = 0.1;

/** How much memory may grow: JavaScript's, including garbage, and what the allocator keeps in addition. */
const GROWTH_MIB: ProcessMemory = { heldMib: 48, residentMib: 192 };

/** Well above a second, for machines that run other tests at the same time. */
const LONGEST_WAIT_MS = 5000;

type ProcessMemory = Pick<ProcessMetrics, 'heldMib' | 'residentMib'>;

interface FuzzReport {
  inputs: number;
  uploads: number;
  mismatches: number;
  /** The longest time that an honest upload waited for an answer, in milliseconds. */
  longestWaitMs: number;
  /** After the first inputs, and at the end. */
  readonly memory: ProcessMemory[];
  readonly failures: string[];
}

/** Uploads a file as an owner who has nothing to do with the attacks. Returns its SHA-256. */
async function uploadHonestly(client: NodeUploadClient, report: FuzzReport): Promise<string> {
  const content = randomBytes(randomInt(1, HONEST_BYTES));
  let heardAt = performance.now();
  const listen = () => {
    report.longestWaitMs = Math.max(report.longestWaitMs, performance.now() - heardAt);
    heardAt = performance.now();
  };
  const { status } = await lastValueFrom(client.upload(content, { fileName: 'honest.bin' }).pipe(tap(listen)));
  if (status !== 'completed') report.failures.push(`an honest upload ended as ${status}`);
  report.uploads++;
  return sha256(content);
}

/** Uploads one file after another. */
async function uploadMeanwhile(client: NodeUploadClient, report: FuzzReport, isOver: () => boolean): Promise<string[]> {
  const sent: string[] = [];
  while (!isOver()) sent.push(await uploadHonestly(client, report));
  return sent;
}

async function attack(url: string, random: SeededRandom, report: FuzzReport, inputs: number): Promise<void> {
  while (report.inputs < inputs) report.inputs += await random.of(ATTACKERS)(url, random);
}

async function fuzz(gateway: GatewayProcess, seed: number, inputs: number): Promise<FuzzReport> {
  const report: FuzzReport = {
    inputs: 0,
    uploads: 0,
    mismatches: 0,
    longestWaitMs: 0,
    memory: [],
    failures: [],
  };
  const client = createNodeUploadClient({ url: gateway.url, token: 'h'.repeat(43) });
  // Before memory is measured, so that all code has run.
  const first = await uploadHonestly(client, report);
  let isOver = false;
  const uploading = uploadMeanwhile(client, report, () => isOver);
  const attackers = Array.from({ length: ATTACKS_AT_ONCE }, (_, n) => new SeededRandom(seed + n));
  const attackUpTo = (count: number) =>
    Promise.all(attackers.map((random) => attack(gateway.url, random, report, count)));
  await attackUpTo(WARM_UP * inputs);
  const before = await metricsOf(gateway.url);
  await attackUpTo(inputs);
  isOver = true;
  const sent = [first, ...(await uploading)];
  client.close();
  const stored = new Set(Object.values(await gateway.storedFiles()));
  report.mismatches = sent.filter((hash) => !stored.has(hash)).length;
  const after = await settledMemory(gateway.url, before);
  report.memory.push(before, after);
  if (report.longestWaitMs > LONGEST_WAIT_MS) report.failures.push('an honest upload waited for too long');
  if (hasGrown(before, after)) report.failures.push('memory grew');
  return report;
}

const hasGrown = (before: ProcessMemory, after: ProcessMemory): boolean =>
  after.heldMib > before.heldMib + GROWTH_MIB.heldMib ||
  after.residentMib > before.residentMib + GROWTH_MIB.residentMib;

/** Memory is freed with a delay: closed connections have timers, and garbage waits for a collection. */
async function settledMemory(url: string, before: ProcessMemory): Promise<ProcessMemory> {
  let memory = await metricsOf(url);
  for (let tries = 0; tries < 60 && hasGrown(before, memory); tries++) {
    await delay(1000);
    memory = await metricsOf(url);
  }
  return memory;
}

const { positionals, values } = parseArgs({ allowPositionals: true, options: { seed: { type: 'string' } } });
const inputs = Number(positionals[0] ?? 10_000);
const seed = Number(values.seed ?? randomInt(2 ** 31));
console.log(`seed ${seed} (repeat it with: npm run fuzz -- ${inputs} --seed ${seed})`);
const gateway = await startGateway();
try {
  const report = await fuzz(gateway, seed, inputs);
  const errors = gateway.log.split('\n').filter((line) => line.includes('ERROR'));
  console.log(`inputs           ${report.inputs}`);
  console.log(`honest uploads   ${report.uploads}`);
  console.log(`mismatches       ${report.mismatches}`);
  console.log(`longest wait     ${Math.round(report.longestWaitMs)} ms`);
  for (const { heldMib, residentMib } of report.memory) {
    console.log(`memory           ${heldMib.toFixed(0)} MiB held, ${residentMib.toFixed(0)} MiB resident`);
  }
  console.log(`errors logged    ${errors.length}`);
  for (const line of [...new Set(errors)].slice(0, 10)) console.log(line);
  for (const failure of report.failures) console.log(`FAILED ${failure}`);
  process.exitCode = report.failures.length > 0 || report.mismatches > 0 || errors.length > 0 ? 1 : 0;
} catch (error) {
  // The process has probably ended: its last lines say why.
  console.log(`FAILED ${String(error)}\n${gateway.log.split('\n').slice(-20).join('\n')}`);
  process.exitCode = 1;
} finally {
  await gateway.close();
}
process.exit();
