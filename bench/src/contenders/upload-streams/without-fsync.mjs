// Loaded into the gateway before anything else: nothing is made durable. Only to see what durability costs, as the peers
// promise none.
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
