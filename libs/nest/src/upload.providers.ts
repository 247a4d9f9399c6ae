import type { Provider } from '@nestjs/common';
import { join } from 'node:path';
import { AnonymousAuthenticator } from './auth/anonymous-authenticator.js';
import { UploadEvents } from './events/upload-events.js';
import { FilesService } from './files/files.service.js';
import { openUploadPolicy } from './policy/upload-policy.js';
import { Admission } from './session/admission.js';
import { CatalogueRebuild } from './session/catalogue-rebuild.js';
import { NoOtherNodes } from './session/session-handover.js';
import { StorePairing } from './session/store-pairing.js';
import { SessionOpener } from './session/session-opener.js';
import { SessionSweeper } from './session/session-sweeper.js';
import { SessionService } from './session/session.service.js';
import { SqliteSessionStore } from './session/sqlite-session-store.js';
import { WholeFiles } from './session/whole-files.js';
import { prepareDataDir } from './storage/data-dir.js';
import { DiskStorage } from './storage/disk-storage.js';
import { StorageService } from './storage/storage.service.js';
import type { ResolvedUploadOptions } from './upload-options.js';
import { UploadGateway } from './upload.gateway.js';
import { UploadShutdown } from './upload-shutdown.js';
import {
  UPLOAD_AUTHENTICATOR,
  UPLOAD_OPTIONS,
  UPLOAD_POLICY,
  UPLOAD_SESSION_HANDOVER,
  UPLOAD_SESSION_STORE,
  UPLOAD_STORAGE_BACKEND,
} from './upload.tokens.js';

/** What an application may replace; a provider of the same token that it passes to `UploadModule` comes after these. */
const replaceableProviders: Provider[] = [
  { provide: UPLOAD_AUTHENTICATOR, useClass: AnonymousAuthenticator },
  { provide: UPLOAD_POLICY, useValue: openUploadPolicy },
  {
    provide: UPLOAD_STORAGE_BACKEND,
    inject: [UPLOAD_OPTIONS],
    useFactory: ({ dataDir, sha256 }: ResolvedUploadOptions) => new DiskStorage(dataDir, sha256),
  },
  { provide: UPLOAD_SESSION_HANDOVER, useClass: NoOtherNodes },
  {
    provide: UPLOAD_SESSION_STORE,
    inject: [UPLOAD_OPTIONS],
    useFactory: async ({ dataDir }: ResolvedUploadOptions) => {
      await prepareDataDir(dataDir);
      return SqliteSessionStore.open(join(dataDir, 'catalogue.db'));
    },
  },
];

/** What rebuilds the catalogue: the stores, and no gateway. */
export const rebuildProviders: Provider[] = [...replaceableProviders, StorageService, CatalogueRebuild, UploadShutdown];

export const uploadProviders: Provider[] = [
  ...replaceableProviders,
  StorageService,
  StorePairing,
  Admission,
  SessionOpener,
  WholeFiles,
  SessionService,
  SessionSweeper,
  FilesService,
  UploadEvents,
  UploadGateway,
  UploadShutdown,
];

/** What other modules of the application may inject. */
export const uploadExports = [FilesService, SessionService, UploadEvents, UPLOAD_AUTHENTICATOR, UPLOAD_OPTIONS];
