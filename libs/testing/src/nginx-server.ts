import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, isInstalled, ServiceProcess } from './service-process.js';

/** nginx in front of several servers. Any server may get any connection. */
export class NginxServer {
  /** Whether Debian's package `nginx` is installed. */
  static readonly isInstalled = isInstalled('nginx');

  private constructor(
    private readonly folder: string,
    readonly port: number,
    private readonly process: ServiceProcess,
  ) {}

  static start(upstreamPorts: readonly number[]): Promise<NginxServer> {
    return NginxServer.startWith((port) => siteInFrontOf(port, upstreamPorts));
  }

  /** `site`: what the `http` block contains. `wantedPort`: where it listens. @default a free one */
  static async startWith(site: (port: number) => string, wantedPort?: number): Promise<NginxServer> {
    const folder = await mkdtemp(join(tmpdir(), 'upload-streams-nginx-'));
    const port = wantedPort ?? (await freePort());
    const path = await writeSite(folder, site(port));
    const process = await ServiceProcess.start('nginx', ['-p', folder, '-c', path, '-g', 'daemon off;'], port);
    return new NginxServer(folder, port, process);
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Goes on with another `http` block, for new connections. */
  async reload(site: (port: number) => string): Promise<void> {
    await writeSite(this.folder, site(this.port));
    this.process.signal('SIGHUP');
  }

  async close(): Promise<void> {
    await this.process.stop();
    await rm(this.folder, { recursive: true, force: true });
  }
}

async function writeSite(folder: string, site: string): Promise<string> {
  const path = join(folder, 'nginx.conf');
  await writeFile(path, configuration(folder, site));
  return path;
}

const configuration = (folder: string, site: string) => `
worker_processes 1;
pid ${folder}/pid;
error_log ${folder}/error.log;
events { worker_connections 4096; }
http {
  access_log off;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  ${site}
}
`;

/** A server that does not answer is skipped for a second, and its requests go to another one. */
const siteInFrontOf = (port: number, upstreamPorts: readonly number[]) => `
  map $http_upgrade $connection_upgrade { default upgrade; '' ''; }
  upstream gateways {
    ${upstreamPorts.map((each) => `server 127.0.0.1:${each} max_fails=1 fail_timeout=1s;`).join('\n    ')}
  }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://gateways;
      proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $connection_upgrade;
      proxy_set_header Host $http_host;
      proxy_connect_timeout 1s;
      proxy_read_timeout 120s;
      proxy_send_timeout 120s;
      proxy_buffering off;
      proxy_request_buffering off;
    }
  }
`;
