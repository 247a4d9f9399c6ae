// The fault proxy between a client and a server, as a process that LinkProcess starts.
import { FaultProxy, type FaultConnection } from '@upload-streams/testing';
import type { CountAt } from '../client/job.ts';
import type { LinkCounts, LinkFacts } from './link-process.ts';

const SAMPLE_EVERY_MS = 10;

const target = process.argv[2]!;
const { bytesPerSecond, roundTripMs, cutAfterMs, slowerAfterMs } = JSON.parse(process.argv[3]!) as LinkFacts;

const proxy = await FaultProxy.open({ port: Number(new URL(target).port) });
const connections: FaultConnection[] = [];
const delivered: CountAt[] = [];
proxy.forEach((connection) => connections.push(connection));
shape(bytesPerSecond);
setInterval(sample, SAMPLE_EVERY_MS);

process.on('disconnect', () => process.exit());
process.on('message', (what) => {
  if (what === 'start') startClock();
  sample();
  const counts: LinkCounts = { sentBytes: proxy.sent('upstream'), connections: proxy.connectionCount, delivered };
  process.send!(counts);
});
process.send!(proxy.url);

function startClock(): void {
  if (slowerAfterMs !== undefined) setTimeout(() => shape(bytesPerSecond / 10), slowerAfterMs);
  if (cutAfterMs === undefined) return;
  const cutLater = (connection: FaultConnection) => connection.afterMs(cutAfterMs, () => connection.cut());
  proxy.connections.forEach(cutLater);
  proxy.forEach(cutLater);
}

function shape(rate: number): void {
  const oneWay = { delayMs: roundTripMs / 2, bytesPerSecond: rate };
  proxy.shape({ upstream: oneWay, downstream: oneWay });
}

function sample(): void {
  const bytes = connections.reduce((sum, connection) => sum + connection.delivered('upstream'), 0);
  if (bytes > (delivered.at(-1)?.[1] ?? 0)) delivered.push([performance.timeOrigin + performance.now(), bytes]);
}
