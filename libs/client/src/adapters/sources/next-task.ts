/**
 * Resolves in a new task, so that the page can do other things. A promise that is already resolved continues in the same
 * task: without a break, reading from a fast disk would block the page.
 */
export function nextTask(): Promise<void> {
  return new Promise((resolve) => {
    // Browsers delay nested timers by 4 ms.
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
}
