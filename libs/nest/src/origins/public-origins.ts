import parseForwarded from 'forwarded-parse';
import type { IncomingHttpHeaders } from 'node:http';
import proxyAddr from 'proxy-addr';

/** The parts of a request that tell by which origin a browser reached the gateway. */
export interface RequestFacts {
  readonly headers: IncomingHttpHeaders;
  readonly socket: { readonly remoteAddress?: string | undefined };
}

/** Returns whether a proxy at an address is believed. */
export type TrustProxy = (address: string | undefined) => boolean;

/** Throws a TypeError for what is no address, network, or one of `loopback`, `linklocal` and `uniquelocal`. */
export function trustProxies(proxies: readonly string[]): TrustProxy {
  const trusts = proxyAddr.compile([...proxies]);
  return (address) => address !== undefined && trusts(address, 0);
}

/** A host, with its port if it is known, and the scheme if it is known. */
interface PublicHost {
  readonly host: string;
  readonly scheme?: string | undefined;
}

/**
 * Whether a page of `origin` was served by the host that it now connects to. The scheme is compared only where a trusted
 * proxy tells it: any other proxy may end TLS without saying so. `X-Forwarded-*` (the usual names) and `Forwarded`
 * (RFC 7239) are believed from trusted proxies only. Of a list, the first value is what the browser asked for.
 */
export function isOwnOrigin(origin: string, { headers, socket }: RequestFacts, trusts: TrustProxy): boolean {
  if (!URL.canParse(origin)) return false;
  const page = new URL(origin);
  const hosts = [hostOf(headers.host), ...(trusts(socket.remoteAddress) ? forwardedHosts(headers) : [])];
  return hosts.some((host) => host !== undefined && isSame(page, host));
}

function isSame(page: URL, { host, scheme }: PublicHost): boolean {
  const own = `${scheme ?? page.protocol.slice(0, -1)}://${host}`;
  // Also compares default ports and letters of either case.
  return URL.canParse(own) && new URL(own).origin === page.origin && page.origin !== 'null';
}

function* forwardedHosts(headers: IncomingHttpHeaders): Generator<PublicHost | undefined> {
  const direct = headers.host;
  const { host, proto } = firstForwarded(headers.forwarded);
  yield hostOf(host ?? (proto && direct), proto);
  const port = first(headers['x-forwarded-port']);
  const name = first(headers['x-forwarded-host']) ?? direct;
  const scheme = first(headers['x-forwarded-proto']);
  yield hostOf(name && port && !hasPort(name) ? `${name}:${port}` : name, scheme);
}

/** Undefined for what is no host: nothing but a host may become part of the URL that is compared. */
function hostOf(host: string | undefined, scheme?: string): PublicHost | undefined {
  return host !== undefined && /^[\w.:[\]-]+$/.test(host) ? { host, scheme: scheme?.toLowerCase() } : undefined;
}

const hasPort = (host: string): boolean => /:\d+$/.test(host);

function first(header: string | string[] | undefined): string | undefined {
  return (
    String(header ?? '')
      .split(',')[0]
      ?.trim() || undefined
  );
}

function firstForwarded(header: string | undefined): { readonly host?: string; readonly proto?: string } {
  try {
    return header === undefined ? {} : (parseForwarded(header)[0] ?? {});
  } catch {
    // A broken header says nothing.
    return {};
  }
}
