import { RequestMethod, VERSION_NEUTRAL, VersioningType, type VersioningOptions } from '@nestjs/common';
import type { ApplicationConfig, ModulesContainer } from '@nestjs/core';
import type { ResolvedUploadHttpOptions } from './upload-http-options.js';

/** `RouterModule` keeps the path of a module under this key, followed by the ID of the application. */
const MODULE_PATH = '__module_path__';

/** The route of a controller, as clients see it. */
export interface ServedRoute {
  /** Starts with a slash, and does not end with one. */
  readonly path: string;
  /** Why a link to the route can't work, as half a sentence; undefined: it can. */
  readonly obstacle?: string | undefined;
}

type Version = NonNullable<VersioningOptions['defaultVersion']>;

/** Where Nest serves the files: below the global prefix, the version and the path of `RouterModule`, if there are any. */
export function servedRoute(
  config: Pick<ApplicationConfig, 'getGlobalPrefix' | 'getGlobalPrefixOptions' | 'getVersioning'>,
  { path, version: own }: Pick<ResolvedUploadHttpOptions, 'path' | 'version'>,
  modulePath = '',
): ServedRoute {
  const versioning = config.getVersioning();
  const version = versioning && (own ?? versioning.defaultVersion);
  const unversioned = joined(modulePath, path);
  const prefix = isExcluded(config, `${unversioned}/:fileId`) ? '' : config.getGlobalPrefix();
  const served = joined(prefix, versionInPath(versioning, version), unversioned);
  return { path: served, obstacle: obstacleOf(served, versioning, version) };
}

/** The path that `RouterModule` gives the class of a module. */
export function modulePathOf(module: object, { applicationId }: ModulesContainer): string | undefined {
  return Reflect.getMetadata(MODULE_PATH + applicationId, module) as string | undefined;
}

function joined(...parts: readonly string[]): string {
  const segments = parts.flatMap((part) => part.split('/')).filter((segment) => segment !== '');
  return `/${segments.join('/')}`;
}

/** Of several versions, any will do; Nest serves all of them. */
function versionInPath(versioning: VersioningOptions | undefined, version: Version | undefined): string {
  if (versioning?.type !== VersioningType.URI || version === undefined) return '';
  const [first] = [version].flat();
  if (typeof first !== 'string') return '';
  const prefix = versioning.prefix === false ? '' : (versioning.prefix ?? 'v');
  return `${prefix}${first}`;
}

/** Whether `setGlobalPrefix` leaves the route of a single file out. */
function isExcluded(config: Pick<ApplicationConfig, 'getGlobalPrefixOptions'>, path: string): boolean {
  const methods = [RequestMethod.ALL, RequestMethod.GET, -1];
  const { exclude = [] } = config.getGlobalPrefixOptions();
  return exclude.some(({ pathRegex, requestMethod }) => methods.includes(requestMethod) && pathRegex.test(path));
}

function obstacleOf(
  path: string,
  versioning: VersioningOptions | undefined,
  version: Version | undefined,
): string | undefined {
  if (/[:*{}]/.test(path)) return 'the route has parameters, for which a link has no values';
  if (versioning === undefined || versioning.type === VersioningType.URI) return undefined;
  if (version === undefined || [version].flat().includes(VERSION_NEUTRAL)) return undefined;
  return 'the application takes the version from the request and not from the path, and a link carries none';
}
