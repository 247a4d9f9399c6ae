import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { freePort, isInstalled, ServiceProcess } from './service-process.js';

const KINDS = ['account', 'container', 'object'] as const;

/**
 * OpenStack Swift with its S3 API on one machine: a real object store from Debian's packages. It has multipart uploads,
 * ETags and signatures, but not the checksums that the newest SDKs send by default.
 */
export class SwiftServer {
  /** Whether Debian's packages swift-proxy, swift-account, swift-container and swift-object are installed. */
  static readonly isInstalled = ['proxy', ...KINDS].every((kind) => isInstalled(`swift-${kind}-server`));

  readonly accessKeyId = 'test:tester';
  readonly secretAccessKey = 'testing';
  readonly region = 'us-east-1';

  private constructor(
    private readonly folder: string,
    readonly port: number,
    private readonly processes: readonly ServiceProcess[],
  ) {}

  static async start(): Promise<SwiftServer> {
    const folder = await mkdtemp(join(tmpdir(), 'upload-streams-swift-'));
    const ports = { account: await freePort(), container: await freePort(), object: await freePort() };
    const port = await freePort();
    await mkdir(join(folder, 'devices', 'd1'), { recursive: true });
    await writeFile(join(folder, 'swift.conf'), SWIFT_CONF);
    for (const kind of KINDS) {
      await writeFile(join(folder, `${kind}.conf`), serverConf(folder, kind, ports[kind]));
      makeRing(folder, kind, ports[kind]);
    }
    await writeFile(join(folder, 'proxy.conf'), proxyConf(folder, port));
    const start = (kind: string, listenPort: number) =>
      ServiceProcess.start(`swift-${kind}-server`, [join(folder, `${kind}.conf`)], listenPort);
    const processes = await Promise.all([...KINDS.map((kind) => start(kind, ports[kind])), start('proxy', port)]);
    return new SwiftServer(folder, port, processes);
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async close(): Promise<void> {
    await Promise.all(this.processes.map((process) => process.stop()));
    await rm(this.folder, { recursive: true, force: true });
  }
}

const SWIFT_CONF = `[swift-hash]
swift_hash_path_prefix = upload
swift_hash_path_suffix = streams
[storage-policy:0]
name = only
default = yes
`;

const common = (folder: string, port: number) => `[DEFAULT]
bind_ip = 127.0.0.1
bind_port = ${port}
workers = 1
user = ${userInfo().username}
swift_dir = ${folder}
log_address = ${join(folder, 'log')}
`;

const serverConf = (folder: string, kind: string, port: number) => `${common(folder, port)}
devices = ${join(folder, 'devices')}
mount_check = false
recon_cache_path = ${folder}
disable_fallocate = true
fallocate_reserve = 0
[pipeline:main]
pipeline = ${kind}-server
[app:${kind}-server]
use = egg:swift#${kind}
fsync_default = off
`;

/** Only what the S3 API needs. The smallest part size is that of AWS. */
const proxyConf = (folder: string, port: number) => `${common(folder, port)}
[pipeline:main]
pipeline = catch_errors cache bulk s3api tempauth copy slo dlo proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:cache]
use = egg:swift#memcache
[filter:bulk]
use = egg:swift#bulk
[filter:s3api]
use = egg:swift#s3api
s3_acl = false
min_segment_size = 5242880
check_bucket_owner = false
[filter:tempauth]
use = egg:swift#tempauth
user_test_tester = testing .admin .reseller_admin
[filter:copy]
use = egg:swift#copy
[filter:slo]
use = egg:swift#slo
[filter:dlo]
use = egg:swift#dlo
`;

/** A ring with one device that stores everything. */
function makeRing(folder: string, kind: string, port: number): void {
  const builder = join(folder, `${kind}.builder`);
  const steps = [['create', '4', '1', '1'], ['add', `r1z1-127.0.0.1:${port}/d1`, '1'], ['rebalance']] as const;
  for (const step of steps) {
    const { status, stderr, stdout } = spawnSync('swift-ring-builder', [builder, ...step], { encoding: 'utf8' });
    // Status 1 is a warning.
    if (status !== 0 && status !== 1) throw new Error(`swift-ring-builder ${step.join(' ')}: ${stdout}${stderr}`);
  }
}
