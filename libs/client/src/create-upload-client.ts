import { SocketIoTransport, type SocketTransports } from './adapters/transport/socket-io-transport.js';
import { UploadClient, type UploadPlatform } from './upload-client.js';
import { CLIENT_DEFAULTS, type UploadClientOptions } from './upload-options.js';

/** A client over Socket.IO, with what is particular to a platform. */
export function createUploadClient<Source>(
  platform: Omit<UploadPlatform<Source>, 'transport'>,
  options: UploadClientOptions,
  transports?: SocketTransports,
): UploadClient<Source> {
  const resolved = { ...CLIENT_DEFAULTS, ...options };
  return new UploadClient({ ...platform, transport: new SocketIoTransport(resolved, transports) }, resolved);
}
