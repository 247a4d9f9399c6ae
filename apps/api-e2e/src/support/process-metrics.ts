const MIB = 1024 * 1024;

/** What the gateway says of its process. */
export interface ProcessMetrics {
  /** The longest delay of the event loop since it was last asked, in milliseconds. A timer of 10 ms measures it. */
  readonly longestTurnMs: number;
  readonly residentMib: number;
  /** What JavaScript holds: objects, buffers, and garbage that was not collected yet. */
  readonly heldMib: number;
}

export async function metricsOf(url: string): Promise<ProcessMetrics> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const value = (name: string) => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
  return {
    longestTurnMs: value('nodejs_eventloop_lag_max_seconds') * 1000,
    residentMib: value('process_resident_memory_bytes') / MIB,
    heldMib: (value('nodejs_heap_size_used_bytes') + value('nodejs_external_memory_bytes')) / MIB,
  };
}
