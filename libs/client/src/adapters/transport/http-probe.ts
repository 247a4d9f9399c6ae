import { ERRORS, UploadError } from '@upload-streams/protocol';
import { catchError, defer, finalize, of, timeout, type Observable } from 'rxjs';

/** A network that does not answer by then can not tell anything. */
const PROBE_TIMEOUT_MS = 5_000;

/** Longer than any refusal of the gateway. What else answers may send anything, without an end. */
const MOST_BODY_BYTES = 1024;

/** Statuses of servers and proxies that are in trouble. That passes, and is no reason to blame the network. */
const isTrouble = (status: number): boolean => status >= 500 || status === 408 || status === 429;

/**
 * Asks by plain HTTP why WebSockets do not open. Emits ORIGIN_NOT_ALLOWED if the gateway says so, WEBSOCKET_BLOCKED if
 * something else answers, and undefined if nothing does, if the page may not read the answer, or if the server is in
 * trouble. Never fails. Unsubscribing ends the request.
 */
export function probe(url: string): Observable<UploadError | undefined> {
  return defer(() => {
    const abort = new AbortController();
    return defer(() => ask(url, abort.signal)).pipe(
      timeout({ first: PROBE_TIMEOUT_MS }),
      catchError(() => of(undefined)),
      finalize(() => abort.abort()),
    );
  });
}

/**
 * Address of the probe. The gateway checks the origin of such a request, and then refuses it, as it names no version of the
 * engine's protocol. So nothing is left behind on the gateway.
 */
export function probeUrl(origin: string, path: string): string {
  const url = new URL(`${path.replace(/\/$/, '')}/?transport=polling`, origin);
  url.protocol = url.protocol.replace('ws', 'http');
  return url.href;
}

async function ask(url: string, signal: AbortSignal): Promise<UploadError | undefined> {
  // A redirect is an answer: a page for signing in, for example, of a network that lets nothing else through.
  // With POST, a browser sends the Origin also to its own host, where it sends none with GET.
  const response = await fetch(url, { method: 'POST', signal, redirect: 'manual', credentials: 'omit' });
  if (isTrouble(response.status)) return undefined;
  if (response.status === 403 && isOriginRefusal(await beginningOf(response))) {
    return new UploadError('ORIGIN_NOT_ALLOWED');
  }
  return new UploadError('WEBSOCKET_BLOCKED', response.status === 0 ? undefined : { status: response.status });
}

/** How Socket.IO's engine wraps the message of a gateway that refuses an origin. */
function isOriginRefusal(body: string): boolean {
  try {
    const { message } = (JSON.parse(body) ?? {}) as { readonly message?: unknown };
    return message === ERRORS.ORIGIN_NOT_ALLOWED.message();
  } catch {
    return false;
  }
}

async function beginningOf({ body }: Response): Promise<string> {
  const reader = body?.getReader();
  const decoder = new TextDecoder();
  let text = '';
  for (let read = await reader?.read(); read?.value && text.length < MOST_BODY_BYTES; read = await reader?.read()) {
    text += decoder.decode(read.value, { stream: true });
  }
  return text;
}
