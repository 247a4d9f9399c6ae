import { createNodeUploadClient, type NodeUploadClient } from '@upload-streams/client/node';
import { FaultProxy, type FaultConnection } from '@upload-streams/testing';
import { randomInt } from 'node:crypto';

const MIB = 1024 * 1024;

/** Shorter than the default, so that a soak gets through more stalled connections. */
const ACK_TIMEOUT_MS = 2000;

/** Uploads in progress at the same time per client. */
export const UPLOADS_AT_ONCE = 3;

/** A client behind a link of its own, with a random delay and rate. */
export class SoakClient {
  readonly client: NodeUploadClient;
  readonly link: FaultProxy;

  private constructor(link: FaultProxy) {
    this.link = link;
    const settings = { url: link.url, ackTimeoutMs: ACK_TIMEOUT_MS, concurrency: UPLOADS_AT_ONCE };
    this.client = createNodeUploadClient({ ...settings, maxRetryDelayMs: 2000 });
  }

  static async open(port: number): Promise<SoakClient> {
    const link = await FaultProxy.open({ port });
    const delayMs = randomInt(30);
    link.shape({
      upstream: { delayMs, bytesPerSecond: randomInt(4, 24) * MIB },
      downstream: { delayMs },
    });
    return new SoakClient(link);
  }

  /** The connection in use. Undefined while there is none. */
  get connection(): FaultConnection | undefined {
    return this.link.connections.at(-1);
  }

  async close(): Promise<void> {
    this.client.close();
    await this.link.close();
  }
}
