import type { IncomingMessage } from 'node:http';
import type { FileRequester } from '../catalogue/files.service.js';
import type { HttpRequest } from '../http/http-answer.js';

/** A request of a tus client, and who sends it. */
export interface TusRequest {
  readonly owner: string | null;
  readonly raw: IncomingMessage;
}

/** Fastify wraps the request of Node; that of Express is one. */
export function tusRequest({ owner }: FileRequester, request: HttpRequest): TusRequest {
  const { raw } = request as { raw?: IncomingMessage };
  return { owner, raw: raw ?? (request as unknown as IncomingMessage) };
}
