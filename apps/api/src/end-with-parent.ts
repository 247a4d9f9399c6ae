/**
 * The parent process holds the other end of stdin, or of the IPC channel (`node --watch`). When that end is closed, the
 * parent is gone, however it ended. The gateway then shuts down cleanly, as for SIGTERM, and frees the port and the data
 * folder.
 */
export function endWithParent(): void {
  let ended = false;
  const end = () => {
    if (ended) return;
    ended = true;
    // Before the application exists, there is no listener, and nothing to save.
    if (!process.emit('SIGTERM')) process.exit(0);
  };
  process.stdin.on('end', end).on('error', end).resume();
  if (process.connected) process.once('disconnect', end);
  // Writing to a terminal that is gone fails.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
}
