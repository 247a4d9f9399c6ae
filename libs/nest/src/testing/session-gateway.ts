import { UploadEvents } from '../session/upload-events.js';
import { openUploadPolicy, type UploadPolicy } from '../contracts/upload-policy.js';
import { Admission } from '../session/admission.js';
import { type SessionHandover } from '../contracts/session-handover.js';
import { SingleNode } from '../session/single-node.js';
import { SessionOpener } from '../session/session-opener.js';
import type { UploadStore } from '../contracts/upload-store.js';
import { SessionService } from '../session/session.service.js';
import { WholeFiles } from '../session/whole-files.js';
import type { StorageBackend } from '../contracts/storage-backend.js';
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
  await storage.onModuleInit();
  const admission = new Admission(options, policy, storage);
  const opener = new SessionOpener(options, storage);
  const events = new UploadEvents();
  const wholes = new WholeFiles(options, store, policy, storage, admission, events);
  const sessions = new SessionService(options, store, policy, storage, admission, opener, wholes, events, handover);
  await sessions.onModuleInit();
  return { sessions, storage, events };
}
