import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { ApplicationConfig, HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import { ChosenArea } from '../area/chosen-area.js';
import { modulePathOf, servedRoute } from '../http/served-route.js';
import { OFFSET_STREAM } from './tus-headers.js';
import { UPLOAD_TUS_OPTIONS, type ResolvedUploadTusOptions } from './upload-tus-options.js';

/** The class of the module, which `RouterModule` knows. */
export const UPLOAD_TUS_MODULE = Symbol('UPLOAD_TUS_MODULE');

/** What the module uses of Fastify. Express has nothing of this name, and reads no body of this type. */
interface BodyParsers {
  hasContentTypeParser?(type: string): boolean;
  addContentTypeParser?(type: string, parse: (...request: unknown[]) => void): void;
}

/** Knows where the endpoint is served, and keeps the HTTP platform from reading its bodies. */
@Injectable()
export class TusEndpoint implements OnModuleInit {
  private base: string | undefined;

  constructor(
    private readonly chosen: ChosenArea,
    private readonly config: ApplicationConfig,
    private readonly modules: ModulesContainer,
    private readonly adapterHost: HttpAdapterHost,
    @Inject(UPLOAD_TUS_OPTIONS) private readonly options: ResolvedUploadTusOptions,
    @Inject(UPLOAD_TUS_MODULE) private readonly module: object,
  ) {}

  /** Prefix and versions are known by now, and Fastify still takes parsers. */
  onModuleInit(): void {
    const { publicUrl } = this.options;
    const route = servedRoute(this.config, this.options, modulePathOf(this.module, this.modules));
    this.base = `${publicUrl ?? this.chosen.area.options.basePath}${route.path}`;
    leaveUnread(this.adapterHost.httpAdapter.getInstance<BodyParsers>());
  }

  /** The URL of an upload. */
  urlOf(sessionID: string): string {
    return `${this.base}/${sessionID}`;
  }
}

/** Fastify refuses types without a parser. This one reads nothing. */
function leaveUnread(instance: BodyParsers): void {
  if (!instance.addContentTypeParser || instance.hasContentTypeParser?.(OFFSET_STREAM)) return;
  instance.addContentTypeParser(OFFSET_STREAM, (_request, _body, done) => (done as (error: null) => void)(null));
}
