// Runs many uploads at once between faults of every kind, compares each stored file with its source, and reports.
import { sha256OfFile } from '@upload-streams/testing';
import { mkdtemp, mkdir, readdir, rm } from 'node:fs/promises';
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { SoakClient, UPLOADS_AT_ONCE } from './soak-client.ts';
import { disturbLinks, disturbServer, type SoakScene } from './soak-faults.ts';
import { soakOptions, type SoakOptions } from './soak-options.ts';
import { SoakReport } from './soak-report.ts';
import { SoakServer } from './soak-server.ts';
import { SoakSources } from './soak-source.ts';
import { SoakUpload } from './soak-upload.ts';

const MIB = 1024 * 1024;
const SAY_EVERY_MS = 15_000;

/** After the last fault, the uploads in progress must end within this time. */
const LAST_UPLOADS_MS = 120_000;

interface Soak extends SoakScene {
  readonly options: SoakOptions;
  readonly sources: SoakSources;
  readonly uploads: Set<SoakUpload>;
}

async function soak(folder: string, server: SoakServer, report: SoakReport, options: SoakOptions): Promise<void> {
  const sourceDir = join(folder, 'sources');
  await mkdir(sourceDir);
  await server.start();
  try {
    const clients = await Promise.all(Array.from({ length: options.clients }, () => SoakClient.open(server.port)));
    const sources = new SoakSources(sourceDir, options.maxMib * MIB);
    const scene = { options, sources, server, clients, uploads: new Set<SoakUpload>(), report };
    await run(scene);
    await Promise.all(clients.map((client) => client.close()));
    report.sentBytes = clients.reduce((sum, { link }) => sum + link.sent('upstream'), 0);
    report.connections = clients.reduce((sum, { link }) => sum + link.connectionCount, 0);
    await reportLeftovers(scene);
  } finally {
    await server.stop('SIGTERM');
  }
}

/** Runs uploads and faults until the options are satisfied, then lets the uploads in progress end. */
async function run(scene: Soak): Promise<void> {
  const over = new AbortController();
  const uploading = scene.clients.flatMap((client) =>
    Array.from({ length: UPLOADS_AT_ONCE }, () => uploadOn(scene, client, over.signal)),
  );
  const disturbing = [disturbLinks(scene, over.signal), disturbServer(scene, over.signal)];
  const ending = Promise.all([...uploading, ...disturbing]);
  try {
    await Promise.race([ending, untilSatisfied(scene)]);
  } catch (error) {
    // Without a server, no upload can end.
    scene.report.failures.push(`the soak broke off: ${String(error)}`);
    return;
  } finally {
    over.abort();
  }
  const late = await Promise.race([ending.then(() => false), delay(LAST_UPLOADS_MS, true, { ref: false })]);
  if (late) for (const upload of scene.uploads) scene.report.failures.push(`never ended: ${upload.describe()}`);
}

async function untilSatisfied({ options, report }: Soak): Promise<void> {
  const startedAt = performance.now();
  let saidAt = startedAt;
  for (;;) {
    await delay(200);
    const now = performance.now();
    const enough = report.cuts >= options.cuts && report.faults.SIGKILL >= options.kills;
    if (enough && now - startedAt >= options.minutes * 60_000) return;
    if (now - saidAt < SAY_EVERY_MS) continue;
    saidAt = now;
    const { uploads, cuts, faults, mismatches, failures } = report;
    console.log(
      `${Math.round((now - startedAt) / 1000)} s: ${uploads} uploads, ${cuts} cuts, ${faults.SIGKILL} kills, ` +
        `${mismatches.length} mismatches, ${failures.length} failures`,
    );
  }
}

/** Uploads one file after another with a client. */
async function uploadOn(scene: Soak, { client }: SoakClient, over: AbortSignal): Promise<void> {
  while (!over.aborted) {
    const upload = new SoakUpload(await scene.sources.next(), scene.report);
    scene.uploads.add(upload);
    upload.startOn(client);
    await check(scene, upload);
    scene.uploads.delete(upload);
    await upload.what.dispose();
  }
}

/** A completed file must equal its source. An attempt that did not complete must have been taken over. */
async function check({ server, report }: Soak, upload: SoakUpload): Promise<void> {
  const ends = await upload.ends();
  const stored = new Set(ends.flatMap((end) => (end.status === 'completed' ? [end.file.fileId] : [])));
  const unforeseen = ends.filter((end) => end.status === 'failed' && end.error.code !== 'SESSION_TAKEN_OVER');
  if (stored.size === 0 || unforeseen.length > 0) report.failures.push(upload.describe());
  report.uploads++;
  report.fileBytes += stored.size * upload.what.size;
  for (const fileId of stored) {
    const folder = join(server.dataDir, 'files', fileId);
    const sha256 = await sha256OfFile(join(folder, 'soak.bin')).catch((error: Error) => error.message);
    if (sha256 !== upload.what.sha256) report.mismatches.push(`${upload.describe()}: stored as ${sha256}`);
    await rm(folder, { recursive: true, force: true });
  }
  if (stored.size > 1) report.mismatches.push(`${upload.describe()}: stored ${stored.size} times`);
}

/** After all uploads have ended, there must be no partial file, and no file that was not reported. */
async function reportLeftovers({ server, report }: Soak): Promise<void> {
  for (const folder of ['partial', 'files']) {
    const left = await readdir(join(server.dataDir, folder));
    if (left.length > 0) report.mismatches.push(`${left.length} left in ${folder}: ${left.slice(0, 5).join(', ')}`);
  }
}

const options = soakOptions(process.argv.slice(2));
const folder = await mkdtemp(join(tmpdir(), 'upload-streams-soak-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
const server = new SoakServer(join(folder, 'data'));
const report = new SoakReport();
const sayReport = () => console.log(`\n${report.toString()}`);
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    sayReport();
    void server.end().then(() => process.exit(130));
  });
}
await soak(folder, server, report, options);
sayReport();
process.exit(report.passed ? 0 : 1);
