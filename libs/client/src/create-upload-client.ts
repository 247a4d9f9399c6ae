import { SocketIoTransport, type SocketTransports } from './adapters/transport/socket-io-transport.js';
import { UploadClient, type UploadPlatform } from './upload-client.js';
import { resolveClientOptions, type UploadClientOptions } from './options/client-options.js';

/** A client over Socket.IO. Throws a RangeError if an option can't be used. */
export function createUploadClient<Source>(
  platform: Omit<UploadPlatform<Source>, 'transport'>,
  options: UploadClientOptions,
  transports?: SocketTransports,
): UploadClient<Source> {
  const resolved = resolveClientOptions(options);
  return new UploadClient({ ...platform, transport: new SocketIoTransport(resolved, transports) }, resolved);
}
