import { FileStore } from '@tus/file-store';
import { Server } from '@tus/server';
import { folder, listen } from '../../server/listen.ts';
import { joinParts, partsToJoin } from './join-parts.ts';

const datastore = new FileStore({ directory: folder });
// Parallel parts need the concatenation extension. The server asks its store for it, in this spelling; no store has it.
datastore.extensions.push('concatentation');

const tus = new Server({ path: '/files', datastore });
await listen((request, response) => {
  const parts = partsToJoin(request);
  if (parts) void joinParts(folder, parts, response);
  else void tus.handle(request, response);
});
