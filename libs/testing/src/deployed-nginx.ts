import { readFile } from 'node:fs/promises';
import { NginxServer } from './nginx-server.js';

const CONFIGURATION = new URL('../../../deploy/proxies/nginx.conf', import.meta.url);

export interface DeployedNginxOptions {
  readonly gatewayPort: number;
  /** Whether nginx removes `/uploads` from requests. */
  readonly removesPrefix: boolean;
  /** Replaces how nginx passes the Host on. */
  readonly hostHeaders?: string;
}

/** How the configuration passes the Host on. */
export const PASSES_HOST = 'proxy_set_header Host $http_host;';

/** nginx with `deploy/proxies/nginx.conf`, without TLS, in front of a gateway. */
export async function startDeployedNginx(options: DeployedNginxOptions): Promise<NginxServer> {
  const { gatewayPort, removesPrefix, hostHeaders = PASSES_HOST } = options;
  const deployed = await readFile(CONFIGURATION, 'utf8');
  return NginxServer.startWith((port) =>
    deployed
      .replace('listen 443 ssl;', `listen 127.0.0.1:${port};`)
      .replace(/ssl_certificate.*/g, '')
      .replace('127.0.0.1:3000', `127.0.0.1:${gatewayPort}`)
      .replace('http://upload_streams;', removesPrefix ? 'http://upload_streams/;' : 'http://upload_streams;')
      .replace(PASSES_HOST, hostHeaders),
  );
}
