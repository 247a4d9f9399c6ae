import { subscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import type { CountAt } from './job.ts';

const EVERY_MS = 10;

/** Records how many bytes this process has handed to its sockets. The list grows until the process ends. */
export function watchSockets(): CountAt[] {
  const sockets = new Set<Socket>();
  subscribe('net.client.socket', (message) => sockets.add((message as { socket: Socket }).socket));
  const counts: CountAt[] = [];
  setInterval(() => note(counts, [...sockets]), EVERY_MS).unref();
  return counts;
}

function note(counts: CountAt[], sockets: readonly Socket[]): void {
  // `bytesWritten` includes bytes that wait in the socket.
  const bytes = sockets.reduce((sum, { bytesWritten }) => sum + bytesWritten, 0);
  if (bytes > (counts.at(-1)?.[1] ?? 0)) counts.push([performance.timeOrigin + performance.now(), bytes]);
}
