import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { NginxServer, RedisServer, ServerProcess, SwiftServer } from '@upload-streams/testing';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ENTRY } from './entry.ts';

/** An S3 API, and what is needed to connect to it. */
export interface StoreServer {
  readonly url: string;
  readonly region: string;
  readonly bucket: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  close(): Promise<void>;
}

interface ClusterParts {
  readonly dataDir: string;
  readonly env: Readonly<Record<string, string>>;
  readonly processes: ServerProcess[];
  readonly nginx: NginxServer;
}

/** Gateways with one Redis and one object store, behind nginx. All of these are real servers. */
export class Cluster {
  static readonly isInstalled = RedisServer.isInstalled && SwiftServer.isInstalled && NginxServer.isInstalled;
  static readonly packages = 'redis-server nginx swift-proxy swift-account swift-container swift-object';

  readonly redis: RedisServer;
  readonly store: StoreServer;
  private readonly dataDir: string;
  private readonly env: Readonly<Record<string, string>>;
  private readonly processes: ServerProcess[];
  private readonly nginx: NginxServer;

  private constructor(parts: Pick<Cluster, 'redis' | 'store'> & ClusterParts) {
    this.redis = parts.redis;
    this.store = parts.store;
    this.dataDir = parts.dataDir;
    this.env = parts.env;
    this.processes = parts.processes;
    this.nginx = parts.nginx;
  }

  /** Starts the cluster with an object store of its own, unless `startStore` is given. */
  static async start(
    nodes: number,
    env: Readonly<Record<string, string>> = {},
    startStore: () => Promise<StoreServer> = startSwift,
  ): Promise<Cluster> {
    const dataDir = await mkdtemp(join(tmpdir(), 'upload-streams-cluster-'));
    const [redis, store] = await Promise.all([RedisServer.start(), startStore()]);
    const settings = { DATA_DIR: dataDir, ...settingsOf(redis, store), ...env };
    const start = () => ServerProcess.start({ entry: ENTRY, env: settings });
    const processes = await Promise.all(Array.from({ length: nodes }, start));
    const nginx = await NginxServer.start(processes.map(({ url }) => Number(new URL(url).port)));
    return new Cluster({ dataDir, redis, store, env: settings, processes, nginx });
  }

  /** The environment of a node, for programs that use the same Redis and store. */
  get settings(): Readonly<Record<string, string>> {
    return this.env;
  }

  /** The URL of nginx, which forwards to any of the nodes. */
  get url(): string {
    return this.nginx.url;
  }

  node(index: number): ServerProcess {
    return this.processes[index]!;
  }

  get size(): number {
    return this.processes.length;
  }

  /** Ends a node and starts another one in its place. */
  async replace(index: number, signal: NodeJS.Signals): Promise<void> {
    const { url } = this.node(index);
    await this.node(index).stop(signal);
    const env = { ...this.env, PORT: new URL(url).port };
    this.processes[index] = await ServerProcess.start({ entry: ENTRY, env });
  }

  /** Starts one more gateway with the same Redis and store, not behind nginx. The caller stops it. */
  startAnother(env: Readonly<Record<string, string>>): Promise<ServerProcess> {
    return ServerProcess.start({ entry: ENTRY, env: { ...this.env, ...env } });
  }

  async close(): Promise<void> {
    await Promise.all(this.processes.map((node) => node.stop()));
    await Promise.all([this.nginx.close(), this.redis.close(), this.store.close()]);
    await rm(this.dataDir, { recursive: true, force: true });
  }
}

/** Starts OpenStack Swift with an empty bucket. */
export async function startSwift(): Promise<StoreServer> {
  const swift = await SwiftServer.start();
  const { url, region, accessKeyId, secretAccessKey } = swift;
  const bucket = 'uploads';
  const client = new S3Client({
    endpoint: url,
    region,
    forcePathStyle: true,
    credentials: { accessKeyId, secretAccessKey },
  });
  await client.send(new CreateBucketCommand({ Bucket: bucket }));
  client.destroy();
  return { url, region, bucket, accessKeyId, secretAccessKey, close: () => swift.close() };
}

function settingsOf(redis: RedisServer, store: StoreServer): Record<string, string> {
  return {
    STORAGE: 's3',
    S3_BUCKET: store.bucket,
    S3_ENDPOINT: store.url,
    S3_REGION: store.region,
    S3_PATH_STYLE: 'true',
    S3_CHECKSUMS: 'when_required',
    AWS_ACCESS_KEY_ID: store.accessKeyId,
    AWS_SECRET_ACCESS_KEY: store.secretAccessKey,
    SESSION_STORE: 'redis',
    REDIS_URL: redis.url,
  };
}
