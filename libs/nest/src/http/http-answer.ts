import { StreamableFile } from '@nestjs/common';
import type { HttpAdapterHost } from '@nestjs/core';
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';

/** What the requests of Express and Fastify have in common. */
export interface HttpRequest {
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
  readonly query: Readonly<Record<string, unknown>>;
  readonly socket: { readonly remoteAddress?: string | undefined };
}

export type Headers = Readonly<Record<string, string>>;

/** What an answer with a file consists of. */
export interface FileBody {
  /** undefined: none is sent, because of the method of the request, or because there are none. */
  readonly bytes: Readable | undefined;
  /** MIME type. */
  readonly type: string;
  /** In bytes, also where none are sent. */
  readonly length: number;
}

/** The response of Express or Fastify, through the adapter of Nest. */
export class HttpAnswer {
  constructor(
    { httpAdapter }: HttpAdapterHost,
    private readonly response: object,
    private readonly adapter: Pick<
      typeof httpAdapter,
      'setHeader' | 'reply' | 'redirect' | 'isHeadersSent'
    > = httpAdapter,
  ) {}

  /** Whether there is nobody left to answer: the client is gone, or another part of the application has answered. */
  get isOver(): boolean {
    return this.node.destroyed || Boolean(this.adapter.isHeadersSent(this.response));
  }

  headers(headers: Headers): this {
    for (const [name, value] of Object.entries(headers)) this.adapter.setHeader(this.response, name, value);
    return this;
  }

  /** An object is sent as JSON. */
  send(status: number, body?: object): void {
    this.adapter.reply(this.response, body, status);
  }

  redirect(url: string): void {
    this.adapter.redirect(this.response, 302, url);
  }

  /**
   * Ends the connection where the client reads nothing for the given time. The stream is closed with the response, which
   * the adapters of Nest 12.0 leave to us.
   */
  sendFile(status: number, { bytes, type, length }: FileBody, idleTimeoutMs: number): void {
    const { node } = this;
    const end = () => void node.destroy();
    if (bytes) {
      node.setTimeout(idleTimeoutMs, end);
      node.once('close', () => bytes.destroy());
    }
    const body = new StreamableFile((bytes ?? Buffer.alloc(0)) as Readable, { type, length });
    // The store has logged why it failed. The client notices that the body is too short.
    body.setErrorHandler(end).setErrorLogger(() => undefined);
    this.adapter.reply(this.response, body, status);
  }

  /** Fastify wraps the response of Node; that of Express is one. */
  private get node(): ServerResponse {
    const { raw } = this.response as { raw?: ServerResponse };
    return raw ?? (this.response as ServerResponse);
  }
}
