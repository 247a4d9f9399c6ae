// Preloaded into the gateway, disables every sync. Nothing is durable then: this shows the cost of durability, which the
// peers do not promise.
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { setImmediate } from 'node:timers';

const later = (_fd, done) => void setImmediate(done, null);
Object.assign(fs, { fsync: later, fdatasync: later, fsyncSync: () => undefined, fdatasyncSync: () => undefined });
syncBuiltinESMExports();

const handle = await fs.promises.open(import.meta.filename);
const methods = Object.getPrototypeOf(handle);
await handle.close();
Object.assign(methods, { sync: async () => undefined, datasync: async () => undefined });
