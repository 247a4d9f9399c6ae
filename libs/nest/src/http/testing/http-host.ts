import { Module, type INestApplication, type ModuleMetadata } from '@nestjs/common';
import { NestFactory, type AbstractHttpAdapter } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { createNodeUploadClient, type NodeUploadClient } from '@upload-streams/client/node';
import type { AddressInfo } from 'node:net';

/** Each HTTP platform of Nest. */
export const PLATFORMS: readonly (readonly [string, () => AbstractHttpAdapter])[] = [
  ['Express', () => new ExpressAdapter()],
  ['Fastify', () => new FastifyAdapter({ forceCloseConnections: true })],
];

export const ALICE = 'the-secret-of-alice-0123456789';
export const BOB = 'the-secret-of-bob-0123456789';

/** An application that listens, and what its clients do. */
export class HttpHost {
  private readonly clients: NodeUploadClient[] = [];

  private constructor(
    readonly app: INestApplication,
    /** Sentences of its log, from warnings on. */
    readonly warnings: readonly string[],
    readonly url: string,
  ) {}

  /** `configure` is called before the application is initialised, as in `main.ts` of an application. */
  static async start(
    adapter: AbstractHttpAdapter,
    parts: ModuleMetadata,
    configure: (app: INestApplication) => void = () => undefined,
  ): Promise<HttpHost> {
    @Module(parts)
    class HostModule {}
    const warnings: string[] = [];
    const warn = (...words: unknown[]) => void warnings.push(String(words[0]));
    const logger = { log: () => undefined, warn, error: warn };
    const app = await NestFactory.create(HostModule, adapter, {
      logger,
      abortOnError: false,
      forceCloseConnections: true,
    });
    configure(app);
    await app.listen(0, '127.0.0.1');
    const { port } = app.getHttpServer().address() as AddressInfo;
    return new HttpHost(app, warnings, `http://127.0.0.1:${port}`);
  }

  client(token?: string, path?: string): NodeUploadClient {
    const client = createNodeUploadClient({
      url: this.url,
      ...(token !== undefined && { token }),
      ...(path !== undefined && { path }),
    });
    this.clients.push(client);
    return client;
  }

  /** A request of Alice, if the headers name nobody else. */
  fetch(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Response> {
    const url = new URL(path, this.url);
    return fetch(url, { method, headers: { Authorization: `Bearer ${ALICE}`, ...headers }, redirect: 'manual' });
  }

  async close(): Promise<void> {
    for (const client of this.clients) client.close();
    await this.app.close();
  }
}
