const MIB = 1024 * 1024;

/** What the gateway reports about its process. */
export interface ProcessMetrics {
  /** The longest delay of the event loop since the last request for metrics, in milliseconds, as a 10 ms timer measures it. */
  readonly longestTurnMs: number;
  /** The processor time of all its threads since it started, in milliseconds. */
  readonly cpuMs: number;
  readonly residentMib: number;
  /** Memory of JavaScript objects and buffers, uncollected garbage included. */
  readonly heldMib: number;
}

export async function metricsOf(url: string): Promise<ProcessMetrics> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const value = (name: string) => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
  return {
    longestTurnMs: value('nodejs_eventloop_lag_max_seconds') * 1000,
    cpuMs: value('process_cpu_seconds_total') * 1000,
    residentMib: value('process_resident_memory_bytes') / MIB,
    heldMib: (value('nodejs_heap_size_used_bytes') + value('nodejs_external_memory_bytes')) / MIB,
  };
}
