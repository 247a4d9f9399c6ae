import type { Provider } from '@nestjs/common';
import { join } from 'node:path';
import { AnonymousAuthenticator } from './defaults/anonymous-authenticator.js';
import { UploadArea } from './area/upload-area.js';
import { UploadEvents } from './session/upload-events.js';
import { FileLinks } from './catalogue/file-links.js';
import { FilesService } from './catalogue/files.service.js';
import { UPLOAD_POLICY, openUploadPolicy } from './contracts/upload-policy.js';
import { Admission } from './session/admission/admission.js';
import { CatalogueRebuild } from './catalogue/catalogue-rebuild.js';
import { UPLOAD_SESSION_HANDOVER } from './contracts/session-handover.js';
import { SingleNode } from './defaults/single-node.js';
import { StorePairing } from './catalogue/store-pairing.js';
import { SessionOpener } from './session/session-opener.js';
import { Cleanup } from './session/cleanup/cleanup.js';
import { SessionService } from './session/session.service.js';
import { SqliteUploadStore } from './stores/sqlite/sqlite-upload-store.js';
import { CatalogueEntries } from './session/completion/catalogue-entries.js';
import { Completion } from './session/completion/completion.js';
import { SessionEndings } from './session/session-endings.js';
import { SessionLookup } from './session/session-lookup.js';
import { SessionRegistry } from './session/session-registry.js';
import { prepareDataDir } from './stores/disk/data-dir.js';
import { DiskStorage } from './stores/disk/disk-storage.js';
import { freeMemory } from './performance/free-memory.js';
import { StorageService } from './storage/storage.service.js';
import {
  requireDataDir,
  resolveUploadOptions,
  UPLOAD_DEFAULTS,
  UPLOAD_MODULE_OPTIONS,
  UPLOAD_OPTIONS,
  type ResolvedUploadOptions,
  type UploadModuleOptions,
} from './upload-options.js';
import { OriginPolicy } from './origins/origin-policy.js';
import { SocketDoor } from './gateway/socket-door.js';
import { UploadGateway } from './gateway/upload.gateway.js';
import { StoresLifecycle, UploadLifecycle } from './upload-lifecycle.js';
import { UPLOAD_AUTHENTICATOR } from './contracts/authenticator.js';
import { UPLOAD_STORE } from './contracts/upload-store.js';
import { UPLOAD_STORAGE_BACKEND } from './contracts/storage-backend.js';

/** Without `fileUrl` of the application, links lead to where `UploadHttpModule` serves the files. */
const resolvedOptions: Provider = {
  provide: UPLOAD_OPTIONS,
  inject: [UPLOAD_MODULE_OPTIONS, FileLinks],
  useFactory: (given: UploadModuleOptions, links: FileLinks): ResolvedUploadOptions => {
    const options = resolveUploadOptions(given);
    return options.fileUrl === UPLOAD_DEFAULTS.fileUrl ? { ...options, fileUrl: links.urlOf } : options;
  },
};

/** An application replaces one of these by a provider of the same token in the `providers` of `UploadModule`. */
const replaceableProviders: Provider[] = [
  { provide: UPLOAD_AUTHENTICATOR, useClass: AnonymousAuthenticator },
  { provide: UPLOAD_POLICY, useValue: openUploadPolicy },
  {
    provide: UPLOAD_STORAGE_BACKEND,
    inject: [UPLOAD_OPTIONS],
    useFactory: (options: ResolvedUploadOptions) =>
      new DiskStorage(requireDataDir(options), options.sha256, freeMemory(options)),
  },
  { provide: UPLOAD_SESSION_HANDOVER, useClass: SingleNode },
  {
    provide: UPLOAD_STORE,
    inject: [UPLOAD_OPTIONS],
    useFactory: async (options: ResolvedUploadOptions) => {
      const dataDir = requireDataDir(options);
      await prepareDataDir(dataDir);
      return SqliteUploadStore.open(join(dataDir, 'catalogue.db'));
    },
  },
];

/** For rebuilding the catalogue: the stores, without a gateway. */
export const rebuildProviders: Provider[] = [
  FileLinks,
  resolvedOptions,
  ...replaceableProviders,
  StorageService,
  CatalogueRebuild,
  StoresLifecycle,
];

export const uploadProviders: Provider[] = [
  FileLinks,
  resolvedOptions,
  ...replaceableProviders,
  StorageService,
  StorePairing,
  Admission,
  SessionOpener,
  SessionRegistry,
  SessionEndings,
  SessionLookup,
  CatalogueEntries,
  Completion,
  SessionService,
  Cleanup,
  FilesService,
  UploadEvents,
  OriginPolicy,
  SocketDoor,
  UploadArea,
  UploadGateway,
  StoresLifecycle,
  UploadLifecycle,
];

/** What other modules of the application may inject. */
export const uploadExports = [
  FilesService,
  OriginPolicy,
  SessionService,
  UploadEvents,
  UploadArea,
  UPLOAD_AUTHENTICATOR,
  UPLOAD_OPTIONS,
];
