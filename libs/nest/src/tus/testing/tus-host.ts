import type { CanActivate } from '@nestjs/common';
import type { AbstractHttpAdapter } from '@nestjs/core';
import type { CompletedUpload } from '@upload-streams/protocol';
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { request, type ClientRequest, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Upload, type UploadOptions } from 'tus-js-client';
import { ALICE, HttpHost } from '../../http/testing/http-host.js';
import { UploadHttpModule } from '../../http/index.js';
import { SessionService, UploadModule, type UploadModuleExtras, type UploadModuleOptions } from '../../index.js';
import { UploadTusModule, type UploadTusModuleOptions } from '../index.js';

export type TusHeaders = Readonly<Record<string, string>>;

export const OFFSET_STREAM = { 'Content-Type': 'application/offset+octet-stream' };

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

export interface SlowRequest {
  readonly sent: ClientRequest;
  readonly answer: Promise<IncomingMessage>;
}

interface HostSettings {
  readonly options?: UploadModuleOptions;
  readonly extras?: Partial<UploadModuleExtras>;
  readonly tus?: UploadTusModuleOptions;
  readonly guards?: readonly CanActivate[];
}

/** An application that serves tus clients, with a data folder of its own, and what the clients do. */
export class TusHost {
  private constructor(
    readonly host: HttpHost,
    private readonly dataDir: string,
  ) {}

  static start(
    adapter: AbstractHttpAdapter,
    settings: HostSettings = {},
    configure?: Parameters<typeof HttpHost.start>[2],
  ): Promise<TusHost> {
    return TusHost.startIn(adapter, () => settings, configure);
  }

  /** As `start`, for settings that depend on the data folder. */
  static async startIn(
    adapter: AbstractHttpAdapter,
    settingsFor: (dataDir: string) => HostSettings,
    configure?: Parameters<typeof HttpHost.start>[2],
  ): Promise<TusHost> {
    const dataDir = await mkdtemp(join(tmpdir(), 'tus-'));
    const { options, extras, tus, guards = [] } = settingsFor(dataDir);
    const imports = [
      UploadModule.forRoot({ dataDir, ...options }, extras),
      UploadHttpModule.forRoot(),
      UploadTusModule.forRoot(tus, { guards }),
    ];
    return new TusHost(await HttpHost.start(adapter, { imports }, configure), dataDir);
  }

  get sessions(): SessionService {
    return this.host.app.get(SessionService, { strict: false });
  }

  /** A request of Alice. */
  async fetch(path: string, method: string, headers: TusHeaders = {}, body?: Uint8Array<ArrayBuffer>) {
    const all = { Authorization: `Bearer ${ALICE}`, 'Tus-Resumable': '1.0.0', ...headers };
    const given = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== ''));
    return fetch(new URL(path, this.host.url), { method, headers: given, ...(body && { body }) });
  }

  /** Creates an upload, and returns its path. */
  async create(length: number | undefined, headers: TusHeaders = {}): Promise<string> {
    const size: TusHeaders = length === undefined ? { 'Upload-Defer-Length': '1' } : { 'Upload-Length': `${length}` };
    const response = await this.fetch('/api/tus', 'POST', { ...size, ...headers });
    if (response.status !== 201) throw new Error(`${response.status}: ${await response.text()}`);
    return response.headers.get('location')!;
  }

  patch(path: string, offset: number | string, body: Uint8Array<ArrayBuffer>, headers: TusHeaders = {}) {
    return this.fetch(path, 'PATCH', { ...OFFSET_STREAM, 'Upload-Offset': `${offset}`, ...headers }, body);
  }

  async offsetOf(path: string): Promise<number> {
    return Number((await this.fetch(path, 'HEAD')).headers.get('upload-offset'));
  }

  /** A PATCH whose body the test sends piece by piece. `answer` rejects if the connection breaks. */
  slowPatch(path: string, offset: number, length?: number, headers: TusHeaders = {}): SlowRequest {
    const size: TusHeaders = length === undefined ? {} : { 'Content-Length': `${length}` };
    return this.slowRequest('PATCH', path, { 'Upload-Offset': `${offset}`, ...size, ...headers });
  }

  slowRequest(method: string, path: string, headers: TusHeaders): SlowRequest {
    const all = { Authorization: `Bearer ${ALICE}`, 'Tus-Resumable': '1.0.0', ...OFFSET_STREAM, ...headers };
    const sent = request(new URL(path, this.host.url), { method, headers: all });
    const answer = new Promise<IncomingMessage>((resolve, reject) => {
      sent.on('response', (response) => resolve(response.resume())).on('error', reject);
    });
    answer.catch(() => undefined);
    return { sent, answer };
  }

  /** Bytes of uploads that are not complete. */
  partialFiles(): Promise<readonly string[]> {
    return readdir(join(this.dataDir, 'partial'));
  }

  /** An upload of the unmodified client that is not started. */
  upload(content: Buffer, options: Partial<UploadOptions> = {}): { upload: Upload; done: Promise<void> } {
    let upload!: Upload;
    const done = new Promise<void>((resolve, reject) => {
      upload = new Upload(content, {
        endpoint: `${this.host.url}/api/tus`,
        headers: { Authorization: `Bearer ${ALICE}` },
        retryDelays: [],
        ...options,
        onSuccess: () => resolve(),
        onError: reject,
      });
    });
    return { upload, done };
  }

  /** Uploads with the unmodified client, and returns the path of the upload. */
  async send(content: Buffer, options: Partial<UploadOptions> = {}): Promise<string> {
    const { upload, done } = this.upload(content, options);
    upload.start();
    await done;
    return new URL(upload.url!).pathname;
  }

  async bytesAt(path: string): Promise<Buffer> {
    const response = await this.fetch(path, 'GET', { 'Tus-Resumable': '' });
    if (response.status !== 200) throw new Error(`GET ${path}: ${response.status}`);
    return Buffer.from(await response.arrayBuffer());
  }

  /** The files of Alice, the newest first. */
  async files(): Promise<readonly (CompletedUpload & { metadata: object })[]> {
    const list = (await (await this.host.fetch('/api/files')).json()) as { files: [] };
    return list.files;
  }

  async close(): Promise<void> {
    await this.host.close();
    await rm(this.dataDir, { recursive: true });
  }
}
