import { randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { SoakClient } from './soak-client.ts';
import type { SoakReport } from './soak-report.ts';
import type { SoakServer } from './soak-server.ts';
import type { SoakUpload } from './soak-upload.ts';

/** Everything in a soak that faults can hit. */
export interface SoakScene {
  readonly server: SoakServer;
  readonly clients: readonly SoakClient[];
  readonly uploads: ReadonlySet<SoakUpload>;
  readonly report: SoakReport;
}

/** Of how many faults of a link: the rest are cuts. */
const FREEZE_SHARE = 0.08;
const TAKEOVER_SHARE = 0.12;
const WITHOUT_ACKS_SHARE = 0.15;

/** Long enough for most uploads to continue between two faults, short enough for hundreds of faults in minutes. */
const LINK_FAULT_EVERY_MS = [150, 900] as const;
const SERVER_FAULT_EVERY_MS = [500, 4000] as const;

const chance = (share: number): boolean => Math.random() < share;
const oneOf = <T>(items: readonly T[]): T | undefined =>
  items.length > 0 ? items[randomInt(items.length)] : undefined;

/** Disturbs links until `stop` is aborted. */
export async function disturbLinks(scene: SoakScene, stop: AbortSignal): Promise<void> {
  await every(LINK_FAULT_EVERY_MS, stop, async () => {
    if (chance(TAKEOVER_SHARE)) return takeOver(scene);
    const client = oneOf(scene.clients)!;
    if (!client.connection || uploadsOn(scene, client).length === 0) return;
    if (chance(FREEZE_SHARE)) freeze(scene, client);
    else if (chance(WITHOUT_ACKS_SHARE)) cutWithoutAcks(scene, client);
    else cut(scene, client);
  });
}

/** Ends the server, mostly like a crash, and starts it again, until `stop` is aborted. */
export async function disturbServer({ server, uploads, report }: SoakScene, stop: AbortSignal): Promise<void> {
  await every(SERVER_FAULT_EVERY_MS, stop, async () => {
    if (server.crashed) report.failures.push(`the server ended by itself:\n${server.log.slice(-20).join('\n')}`);
    const signal = chance(0.8) ? 'SIGKILL' : 'SIGTERM';
    for (const upload of uploads) upload.struck(signal);
    report.faults[signal]++;
    await server.restart(signal);
  });
}

function cut({ report, ...scene }: Pick<SoakScene, 'uploads' | 'report'>, client: SoakClient): void {
  for (const upload of uploadsOn(scene, client)) upload.struck('cut');
  report.faults.cut++;
  client.connection?.cut(chance(0.7) ? 'reset' : 'end');
}

/** What the client sends is still written, but it gets no ack. */
function cutWithoutAcks({ report, ...scene }: Pick<SoakScene, 'uploads' | 'report'>, client: SoakClient): void {
  const connection = client.connection!;
  for (const upload of uploadsOn(scene, client)) upload.struck('cut without acks');
  report.faults['cut without acks']++;
  connection.drop('downstream');
  connection.afterMs(randomInt(300), () => connection.cut());
}

/** After a while, what was in transit arrives after all, and must have no effect. */
function freeze({ report, ...scene }: Pick<SoakScene, 'uploads' | 'report'>, client: SoakClient): void {
  const connection = client.connection!;
  for (const upload of uploadsOn(scene, client)) upload.struck('freeze');
  report.faults.freeze++;
  connection.freeze(oneOf([undefined, 'upstream', 'downstream'] as const));
  connection.afterMs(randomInt(3000, 10_000), () => connection.unfreeze());
}

function takeOver({ uploads, clients, report }: SoakScene): void {
  const upload = oneOf([...uploads].filter(({ canMove }) => canMove));
  const successor = upload && oneOf(clients.filter(({ client }) => !upload.isOn(client)));
  if (!successor) return;
  upload.struck('takeover');
  report.faults.takeover++;
  upload.startOn(successor.client);
}

const uploadsOn = ({ uploads }: Pick<SoakScene, 'uploads'>, { client }: SoakClient): SoakUpload[] =>
  [...uploads].filter((upload) => upload.isOn(client));

async function every(
  [shortestMs, longestMs]: readonly [number, number],
  stop: AbortSignal,
  act: () => Promise<void>,
): Promise<void> {
  while (!stop.aborted) {
    await delay(randomInt(shortestMs, longestMs), undefined, { signal: stop }).catch(() => undefined);
    if (!stop.aborted) await act();
  }
}
