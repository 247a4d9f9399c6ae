/** What is needed of Socket.IO's engine. */
export interface HeartbeatEngine {
  on(event: 'handshake', listener: (handshake: { readonly pingInterval: number }) => void): unknown;
  on(event: 'packet' | 'close', listener: () => void): unknown;
}

/** How often the time since the last packet is checked. */
const CHECK_EVERY_MS = 500;

/**
 * Calls `onSilence` once when nothing has come from the server for `patienceMs` longer than its heartbeat interval. A gateway
 * always sends its heartbeats, so such a connection is dead although nobody has closed it. Socket.IO itself waits much
 * longer: as long as the server lets a client take to answer. The watch ends with the connection.
 */
export function watchSilence(engine: HeartbeatEngine, patienceMs: number, onSilence: () => void): void {
  let heardAt = performance.now();
  let limitMs = Infinity;
  const timer = setInterval(() => {
    if (performance.now() - heardAt < limitMs) return;
    clearInterval(timer);
    onSilence();
  }, CHECK_EVERY_MS);
  engine.on('handshake', ({ pingInterval }) => (limitMs = pingInterval + patienceMs));
  engine.on('packet', () => (heardAt = performance.now()));
  engine.on('close', () => clearInterval(timer));
}
