import { monitorEventLoopDelay } from 'node:perf_hooks';

/** How often Node samples the delay of its event loop. It counts this time as delay: an idle process reports 10 ms. */
const WATCH_MS = 10;

const P99 = 'nodejs_eventloop_lag_p99_seconds';

/** The metrics of a benchmark server, in the format of prom-client, which the gateway uses. */
export function watchLoopDelay(): () => string {
  const delay = monitorEventLoopDelay({ resolution: WATCH_MS });
  delay.enable();
  return () => {
    const seconds = delay.percentile(99) / 1e9;
    delay.reset();
    return `${P99} ${seconds}\n`;
  };
}

/**
 * The delay of a server's event loop since the last call: the 99th percentile, in milliseconds. Undefined if the server
 * does not report it.
 */
export async function loopDelayOf(serverUrl: string): Promise<number | undefined> {
  const metrics = await (await fetch(new URL('/metrics', serverUrl))).text();
  const seconds = new RegExp(`^${P99} (\\S+)$`, 'm').exec(metrics)?.[1];
  return seconds === undefined ? undefined : Math.max(0, Number(seconds) * 1000 - WATCH_MS);
}
