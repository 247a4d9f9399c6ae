/** What is needed of the engine of Socket.IO. */
export interface HeartbeatEngine {
  on(event: 'handshake', listener: (handshake: { readonly pingInterval: number }) => void): unknown;
  on(event: 'packet' | 'close', listener: () => void): unknown;
}

/** How often it is looked whether something came. */
const LOOK_EVERY_MS = 500;

/**
 * A gateway says something at least once a heartbeat, whatever else it has to do: a connection on which nothing comes
 * for `patienceMs` longer than that is dead, though nobody closed it. Calls `onSilence` then, once. Socket.IO itself
 * waits for the time that the server gives a client to answer, which on a slow link is long. Ends with the connection.
 */
export function watchSilence(engine: HeartbeatEngine, patienceMs: number, onSilence: () => void): void {
  let heardAt = performance.now();
  let limitMs = Infinity;
  const timer = setInterval(() => {
    if (performance.now() - heardAt < limitMs) return;
    clearInterval(timer);
    onSilence();
  }, LOOK_EVERY_MS);
  engine.on('handshake', ({ pingInterval }) => (limitMs = pingInterval + patienceMs));
  engine.on('packet', () => (heardAt = performance.now()));
  engine.on('close', () => clearInterval(timer));
}
