import { monitorEventLoopDelay } from 'node:perf_hooks';

/** Node looks so often whether its event loop is late, in milliseconds, and counts them as delay: idle, it tells 10. */
const WATCH_MS = 10;

const P99 = 'nodejs_eventloop_lag_p99_seconds';

/** What a server of the bench tells as its metrics, in the words of prom-client, which the gateway uses. */
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
 * How late the event loop of a server was since it was asked last: the 99th percentile, in milliseconds; undefined where
 * it does not tell.
 */
export async function loopDelayOf(serverUrl: string): Promise<number | undefined> {
  const metrics = await (await fetch(new URL('/metrics', serverUrl))).text();
  const seconds = new RegExp(`^${P99} (\\S+)$`, 'm').exec(metrics)?.[1];
  return seconds === undefined ? undefined : Math.max(0, Number(seconds) * 1000 - WATCH_MS);
}
