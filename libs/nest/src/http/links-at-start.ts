import { Inject, Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { ApplicationConfig, ModulesContainer } from '@nestjs/core';
import { ChosenArea } from '../area/chosen-area.js';
import { modulePathOf, servedRoute } from './served-route.js';
import { UPLOAD_HTTP_OPTIONS, type ResolvedUploadHttpOptions } from './upload-http-options.js';

/** Stands for any file. */
const SAMPLE = 'FILE_ID';

/** The class of the module, which `RouterModule` knows. */
export const UPLOAD_HTTP_MODULE = Symbol('UPLOAD_HTTP_MODULE');

/** Makes the links to files lead to the route that is served, and tells the operator where they can't. */
@Injectable()
export class LinksAtStart implements OnModuleInit {
  private readonly logger = new Logger('UploadHttpModule');

  constructor(
    private readonly chosen: ChosenArea,
    private readonly config: ApplicationConfig,
    private readonly modules: ModulesContainer,
    @Inject(UPLOAD_HTTP_OPTIONS) private readonly options: ResolvedUploadHttpOptions,
    @Inject(UPLOAD_HTTP_MODULE) private readonly module: object,
  ) {}

  /** Prefix and versions are known by now, and no client is connected yet. */
  onModuleInit(): void {
    const route = servedRoute(this.config, this.options, modulePathOf(this.module, this.modules));
    const base = `${this.options.publicUrl ?? this.chosen.area.options.basePath}${route.path}`;
    const obstacle = route.obstacle ?? this.obstacleOf(base);
    if (obstacle === undefined) return;
    this.logger.warn(`Clients are told links to files that do not lead to ${base}: ${obstacle}`);
  }

  private obstacleOf(base: string): string | undefined {
    const { links, options } = this.chosen.area;
    if (options.fileUrl !== links.urlOf) return obstacleOfOwn(options.fileUrl, `${base}/${SAMPLE}`);
    if (links.follow(base)) return undefined;
    return `another UploadHttpModule serves the same files, and the links lead to ${links.base}`;
  }
}

/** `fileUrl` of the application may name another host that leads here, but not another path. */
function obstacleOfOwn(fileUrl: (fileId: string) => string, served: string): string | undefined {
  const url = fileUrl(SAMPLE);
  const isServed = url === served || pathOf(url) === pathOf(served);
  return isServed ? undefined : `\`fileUrl\` of UploadModule returns ${url}. Leave it out, or change it`;
}

function pathOf(url: string): string {
  return new URL(url, 'http://localhost').pathname;
}
