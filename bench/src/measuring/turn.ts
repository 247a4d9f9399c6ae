import { ServerProcess, sha256OfFile } from '@upload-streams/testing';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ClientJob, ClientResult } from '../client/job.ts';
import type { Contender } from '../contenders/contender.ts';
import type { Case } from './case.ts';
import { ClientProcess } from './client-process.ts';
import { LinkProcess, type LinkCounts } from './link-process.ts';
import { longestWait } from './longest-wait.ts';
import { loopDelayOf } from './loop-delay.ts';
import type { Measured, Outcome } from './outcome.ts';
import { cpuSecondsOf, peakMibOf, residentMibOf } from './process-facts.ts';
import { readyMemory } from './ready-memory.ts';
import type { Running } from './running.ts';
import type { Sources } from './sources.ts';
import { fairness } from './statistics.ts';

const GIVE_UP_SECONDS = 600;

/** By then V8 has compiled what either end does often. Without a warm-up, compiling is a tenth of the CPU time. */
const WARM_UP_SECONDS = 3;

/** One contender's turn in a case: a new server, a new client, and a check of all stored files. */
export interface Turn {
  readonly contender: Contender;
  readonly what: Case;
  readonly sources: Sources;
  /** The data folder of the server. It is created here. */
  readonly folder: string;
  readonly running: Running;
}

export async function takeTurn(turn: Turn): Promise<Outcome> {
  const { contender, folder, running } = turn;
  await mkdir(folder);
  const env = { DATA_DIR: folder, ...contender.serverEnv };
  try {
    return await running.use(
      async () => stoppable(await ServerProcess.start({ entry: contender.server, env })),
      ({ server }) => overLink(turn, server),
    );
  } catch (error) {
    return { status: 'failed', why: error instanceof Error ? error.message : String(error) };
  }
}

/** Its data is not needed any more, so it is killed. */
const stoppable = (server: ServerProcess) => ({ server, stop: () => server.stop('SIGKILL') });

async function overLink(turn: Turn, server: ServerProcess): Promise<Outcome> {
  const facts = turn.what.link;
  if (!facts) return withClient(turn, server, server.url);
  return turn.running.use(
    () => LinkProcess.start(server.url, facts),
    (link) => withClient(turn, server, link.url, link),
  );
}

async function withClient(turn: Turn, server: ServerProcess, url: string, link?: LinkProcess): Promise<Outcome> {
  const serverIdleMib = residentMibOf(server.pid);
  return turn.running.use(
    () => ClientProcess.start(turn.contender.client, jobOf(turn, url)),
    async (client) => {
      const giveUpSeconds = turn.what.giveUpSeconds ?? GIVE_UP_SECONDS;
      if (!isPaced(turn.what)) await readyMemory(turn.folder, turn.what.files.count * turn.what.files.bytes);
      await loopDelayOf(server.url);
      const sentBefore = await link?.startClock();
      const cpuBefore = cpuSecondsOf(server.pid);
      const result = await client.run(giveUpSeconds * 1000);
      const cpuAfter = cpuSecondsOf(server.pid);
      if (!result) return { status: 'never ends', afterSeconds: giveUpSeconds };
      const costs = {
        serverCpuSeconds: cpuBefore === undefined || cpuAfter === undefined ? undefined : cpuAfter - cpuBefore,
        serverIdleMib,
        serverPeakMib: peakMibOf(server.pid),
        loopDelayMs: await loopDelayOf(server.url),
      };
      const sent = await link?.counts();
      await verify(turn, result.stored);
      return {
        status: 'measured',
        measured: { ...clientFacts(result), ...costs, ...linkFacts(turn.what, result, sentBefore, sent) },
      };
    },
  );
}

/** Whether the link or the source sets the pace. */
const isPaced = ({ link, sourceBytesPerSecond }: Case): boolean =>
  link !== undefined || sourceBytesPerSecond !== undefined;

function jobOf({ contender, what, sources }: Turn, url: string): ClientJob {
  const { atOnce, sourceBytesPerSecond, files } = what;
  const slowSeconds = sourceBytesPerSecond === undefined ? undefined : files.bytes / sourceBytesPerSecond;
  return {
    url,
    warmUp: sources.warmUp,
    warmUpSeconds: isPaced(what) ? 0 : WARM_UP_SECONDS,
    files: sources.files,
    atOnce,
    connections: contender.connectionPerUpload ? atOnce : what.connections,
    settings: contender.settings ?? {},
    sourceBytesPerSecond,
    sampleAfterSeconds: slowSeconds && slowSeconds / 2,
    watchSockets: what.watchQueue,
  };
}

function clientFacts({ seconds, cpuSeconds, sample, page }: ClientResult) {
  const { longestTaskMs, heapMib } = page ?? {};
  return { seconds, clientCpuSeconds: cpuSeconds, fairness: sample && fairness(sample), longestTaskMs, heapMib };
}

function linkFacts(
  { files, link, watchQueue }: Case,
  { written = [] }: ClientResult,
  before: LinkCounts | undefined,
  after: LinkCounts | undefined,
): Pick<Measured, 'sentBeyond' | 'connections' | 'longestWait'> {
  if (!link || !before || !after) return { sentBeyond: undefined, connections: undefined, longestWait: undefined };
  const sentBeyond = after.sentBytes - before.sentBytes - files.count * files.bytes;
  // With a second connection there are two counts on each side, and bytes that were sent and never arrived.
  const comparable = watchQueue && after.connections === 1;
  const wait = comparable ? longestWait(written, after.delivered, link.roundTripMs / 2) : undefined;
  return { sentBeyond, connections: after.connections, longestWait: wait };
}

async function verify({ contender, sources, folder }: Turn, ids: readonly string[]): Promise<void> {
  if (ids.length !== sources.files.length)
    throw new Error(`${ids.length} of ${sources.files.length} files were stored`);
  for (const [n, id] of ids.entries()) {
    const stored = await sha256OfFile(join(folder, contender.stored(id)));
    if (stored !== sources.sha256[n])
      throw new Error(`the stored file ${sources.files[n]!.name} differs from its source`);
  }
}
