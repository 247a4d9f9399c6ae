/**
 * Resolves in a task of its own. Promises that are resolved already go on within the task that waits for them: without a
 * break between, a page that reads faster than it can be asked does nothing else for as long.
 */
export function nextTask(): Promise<void> {
  return new Promise((resolve) => {
    // A timer would wait for 4 ms, as browsers have it for those that follow each other.
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
}
