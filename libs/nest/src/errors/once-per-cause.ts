/** For this long after a cause was logged, it is only counted: one minute. */
const QUIET_MS = 60_000;
/** An attacker who makes up causes must not fill the memory: beyond this many, the oldest is forgotten. */
const MOST_CAUSES = 200;
const MAX_TEXT_LENGTH = 8_000;
const MAX_CAUSES_SHOWN = 5;

interface Seen {
  loggedAt: number;
  unlogged: number;
}

/** Where errors are logged: Nest's `Logger`, for example. */
export interface ErrorLog {
  error(message: string): void;
}

/** Logs each cause at most once a minute, with its stack and the number of times it occurred in between. */
export class OncePerCause {
  private readonly seen = new Map<string, Seen>();

  /** `now`: milliseconds, for tests. */
  constructor(
    private readonly log: ErrorLog,
    private readonly now: () => number = Date.now,
  ) {}

  error(thrown: unknown): void {
    const text = describeThrown(thrown);
    const known = this.seen.get(text);
    if (known && this.now() - known.loggedAt < QUIET_MS) {
      known.unlogged += 1;
      return;
    }
    this.remember(text);
    this.log.error(
      known && known.unlogged > 0 ? `${text}\n(${known.unlogged} more times since it was last logged)` : text,
    );
  }

  private remember(text: string): void {
    this.seen.delete(text);
    this.seen.set(text, { loggedAt: this.now(), unlogged: 0 });
    const [oldest] = this.seen.keys();
    if (this.seen.size > MOST_CAUSES && oldest !== undefined) this.seen.delete(oldest);
  }
}

/** The stack of an error and of its causes, or a description of any other thrown value. Never throws. */
export function describeThrown(thrown: unknown): string {
  const parts: string[] = [];
  const shown = new Set<unknown>();
  for (let error = thrown; parts.length < MAX_CAUSES_SHOWN && !shown.has(error); error = causeOf(error)) {
    if (parts.length > 0 && error === undefined) break;
    shown.add(error);
    parts.push(textOf(error));
  }
  return parts.join('\ncaused by ').slice(0, MAX_TEXT_LENGTH);
}

function textOf(value: unknown): string {
  try {
    if (value instanceof Error)
      return String(value.stack ?? `${value.name}: ${value.message}`).slice(0, MAX_TEXT_LENGTH);
    if (typeof value === 'object' && value !== null) return `thrown: ${JSON.stringify(value)}`;
    return `thrown: ${String(value)}`;
  } catch {
    return 'thrown: a value that can not be described';
  }
}

function causeOf(value: unknown): unknown {
  try {
    return value instanceof Error ? value.cause : undefined;
  } catch {
    return undefined;
  }
}
