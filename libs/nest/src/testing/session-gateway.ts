import type { SessionHandover } from '../contracts/session-handover.js';
import type { StorageBackend } from '../contracts/storage-backend.js';
import { openUploadPolicy, type UploadPolicy } from '../contracts/upload-policy.js';
import type { UploadStore } from '../contracts/upload-store.js';
import { Admission } from '../session/admission/admission.js';
import { CatalogueEntries } from '../session/completion/catalogue-entries.js';
import { Completion } from '../session/completion/completion.js';
import { SessionEndings } from '../session/session-endings.js';
import { SessionLookup } from '../session/session-lookup.js';
import { SessionOpener } from '../session/session-opener.js';
import { SessionRegistry } from '../session/session-registry.js';
import { SessionService } from '../session/session.service.js';
import { SingleNode } from '../defaults/single-node.js';
import { UploadEvents } from '../session/upload-events.js';
import { StorageService } from '../storage/storage.service.js';
import { resolveUploadOptions, type UploadModuleOptions } from '../upload-options.js';

/** What a gateway without its sockets is made of. */
export interface SessionGatewayParts {
  readonly store: UploadStore;
  readonly backend: StorageBackend;
  readonly policy?: UploadPolicy;
  readonly handover?: SessionHandover;
  readonly options?: Partial<UploadModuleOptions>;
}

/** A gateway without its sockets, ready to take uploads. */
export async function openSessionGateway(dataDir: string, parts: SessionGatewayParts) {
  const { store, backend, policy = openUploadPolicy, handover = new SingleNode() } = parts;
  const options = resolveUploadOptions({ dataDir, ...parts.options });
  const storage = new StorageService(backend);
  await storage.prepared();
  const events = new UploadEvents();
  const admission = new Admission(options, policy, storage);
  const registry = new SessionRegistry(options);
  const endings = new SessionEndings(registry, store, storage, events);
  const lookup = new SessionLookup(registry, store, handover, storage, admission);
  const opener = new SessionOpener(options, store, storage, admission, registry, endings, events);
  const entries = new CatalogueEntries(store, storage, endings, events);
  const completion = new Completion(options, policy, storage, registry, endings, entries);
  const sessions = new SessionService(registry, lookup, opener, completion, endings);
  await handover.listen((sessionID) => sessions.yield(sessionID));
  return { sessions, storage, events };
}
