// npm run soak:cluster -- [--uploads n] [--max-mib n] [--every-seconds n] [--signal SIGKILL|SIGTERM]
// [--most n] [--redis-away-seconds n] [--store-mib-per-second n] [--s3-endpoint url [--s3-bucket name]]: three gateways,
// killed or replaced in turn while uploads go on, at most n times, and Redis taken away once. Files that the store can't
// give back to one gateway before it is killed are never completed: set --most, where the store is slow.
// Needs Redis, nginx and Swift: see apps/api-e2e/src/support/cluster.ts. With an endpoint, it works below a prefix of
// its own in a bucket that exists, with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY of the environment.
import { join } from 'node:path';
import { build, ensureInstalled, keepRunning, nodeBinary, root, say } from './workspace.mjs';

ensureInstalled();
say('Building the gateway and the client');
await build('api', 'testing', 'client');

say('Uploading while gateways come and go; what happened is reported at the end');
const soak = join(root, 'apps', 'api-e2e', 'src', 'soak', 'cluster-soak.ts');
process.exitCode = await keepRunning(nodeBinary(), [soak, ...process.argv.slice(2)]);
