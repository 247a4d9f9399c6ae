/**
 * Whoever started the gateway holds the other end of its stdin, or of its channel (`node --watch`): when that end is
 * closed, the starter is gone, however it ended. The gateway then shuts down in good order, as for a SIGTERM, instead of
 * keeping the port and the data folder.
 */
export function endWithParent(): void {
  let ended = false;
  const end = () => {
    if (ended) return;
    ended = true;
    // Before the application is made, nobody listens, and nothing has to be kept.
    if (!process.emit('SIGTERM')) process.exit(0);
  };
  process.stdin.on('end', end).on('error', end).resume();
  if (process.connected) process.once('disconnect', end);
  // A terminal that is gone takes no more lines.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
}
