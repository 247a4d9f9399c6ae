import { jest } from '@jest/globals';
import { NEVER, type Observable } from 'rxjs';
import type { UploadTransport } from '../ports/transport.js';

/** A transport on which every request has the same answer. */
export function transportAnswering(answer$: Observable<unknown>) {
  const request = jest.fn((_event: string, _payload: unknown) => answer$);
  const drop = jest.fn();
  const transport = {
    connected$: NEVER,
    on: () => NEVER,
    request,
    drop,
    rest: () => undefined,
    close: () => undefined,
    silentMs: 100,
  };
  transport satisfies UploadTransport;
  return { transport, request, drop };
}
