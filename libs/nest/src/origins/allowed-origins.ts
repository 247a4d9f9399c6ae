/** Any origin. It never goes with credentials. */
export const ANY_ORIGIN = '*';

const WEB = /^https?:\/\//i;
const SCHEME = /^[a-z][a-z0-9+.-]*:\/\//i;

/** Stands for the wildcard where an entry has to be parsed as a URL. */
const PLACEHOLDER = 'wildcard-label';

/** Returns what is wrong with an entry of `allowedOrigins`: why no Origin that a browser sends can match it. */
export function problemOfOrigin(entry: string): string | undefined {
  if (entry === ANY_ORIGIN) return undefined;
  const remedy = canonicalOrigin(entry);
  if (remedy === entry) return undefined;
  const shown = JSON.stringify(entry);
  return remedy === undefined
    ? `${shown} is no origin; write it like https://app.example.com, https://*.example.com or capacitor://localhost`
    : `${shown} can match no origin, because browsers send ${JSON.stringify(remedy)}`;
}

/** As browsers send it: in small letters, without a path and without the default port. Undefined for what is no origin. */
function canonicalOrigin(entry: string): string | undefined {
  const text = SCHEME.test(entry) ? entry : `https://${entry}`;
  if (!WEB.test(text)) return canonicalOfApp(text);
  const parsable = text.replace('://*.', `://${PLACEHOLDER}.`);
  if (!URL.canParse(parsable)) return undefined;
  const { origin, hostname, username } = new URL(parsable);
  // A wildcard stands for whole labels in front of a domain; everything else with an asterisk is a mistake.
  if (username !== '' || hostname.includes('*') || (parsable !== text && !hostname.includes('.'))) return undefined;
  return origin.replace(PLACEHOLDER, '*');
}

/** Pages of apps and browser extensions have schemes of their own, such as `capacitor://localhost`. */
function canonicalOfApp(text: string): string | undefined {
  const [origin] = /^[a-z][a-z0-9+.-]*:\/\/[^\s/?#*]+/i.exec(text) ?? [];
  return origin?.toLowerCase();
}

/** The origins of `allowedOrigins`, which `problemOfOrigin` has checked. */
export class AllowedOrigins {
  readonly any: boolean;
  private readonly exact: ReadonlySet<string>;
  private readonly wildcards: readonly { readonly start: string; readonly end: string }[];

  constructor(entries: readonly string[]) {
    this.any = entries.includes(ANY_ORIGIN);
    this.exact = new Set(entries);
    this.wildcards = entries
      .filter((entry) => entry.includes('://*.'))
      .map((entry) => {
        const [start = '', end = ''] = entry.split('*');
        return { start, end };
      });
  }

  /** Whether an origin is listed by name, or by a wildcard for its domain. */
  lists(origin: string): boolean {
    return (
      this.exact.has(origin) ||
      this.wildcards.some(
        ({ start, end }) =>
          origin.length > start.length + end.length && origin.startsWith(start) && origin.endsWith(end),
      )
    );
  }
}
