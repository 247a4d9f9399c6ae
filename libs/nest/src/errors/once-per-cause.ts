/** How long the same cause is only counted. */
const QUIET_MS = 60_000;
/** Whoever makes up causes may not fill the memory: the oldest is forgotten. */
const MOST_CAUSES = 200;
const MAX_TEXT_LENGTH = 8_000;
const MAX_CAUSES_SHOWN = 5;

interface Seen {
  loggedAt: number;
  unsaid: number;
}

/** Where it is logged: Nest's `Logger`, for example. */
export interface ErrorLog {
  error(message: string): void;
}

/** Logs each cause at most once a minute, with its stack, and says how often it came in between. */
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
      known.unsaid += 1;
      return;
    }
    this.remember(text);
    this.log.error(known && known.unsaid > 0 ? `${text}\n(${known.unsaid} more times since it was last logged)` : text);
  }

  private remember(text: string): void {
    this.seen.delete(text);
    this.seen.set(text, { loggedAt: this.now(), unsaid: 0 });
    const [oldest] = this.seen.keys();
    if (this.seen.size > MOST_CAUSES && oldest !== undefined) this.seen.delete(oldest);
  }
}

/** The stack of an error and of its causes, or what else was thrown. Never throws, whatever it is given. */
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
    return 'thrown: something that can not be described';
  }
}

function causeOf(value: unknown): unknown {
  try {
    return value instanceof Error ? value.cause : undefined;
  } catch {
    return undefined;
  }
}
