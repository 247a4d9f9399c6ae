// npm run soak:cluster -- [--uploads n] [--max-mib n] [--every-seconds n] [--signal SIGKILL|SIGTERM]
// [--most n] [--redis-away-seconds n] [--store-mib-per-second n] [--s3-endpoint url [--s3-bucket name]]: runs three gateways
// and kills or replaces them in turn during uploads, at most `--most` times, and stops Redis once. A file cannot complete if
// the store is too slow to read it back before its gateway is killed; with a slow store, set --most.
// Needs Redis, nginx and Swift: see apps/api-e2e/src/support/cluster.ts. With an endpoint, it uses a new prefix in an existing
// bucket, with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY from the environment.
import { join } from 'node:path';
import { build, ensureInstalled, keepRunning, nodeBinary, root, say } from './workspace.mjs';

ensureInstalled();
say('Building the gateway and the client');
await build('api', 'testing', 'client');

say('Uploading while gateways are killed; a report follows at the end');
const soak = join(root, 'apps', 'api-e2e', 'src', 'soak', 'cluster-soak.ts');
process.exitCode = await keepRunning(nodeBinary(), [soak, ...process.argv.slice(2)]);
