import { count, flag, oneOf, text } from '@upload-streams/nest/options';
import { z } from 'zod';

/** The options of this application, beside those of the gateway and its stores. */
export const serverOptionsSchema = z.object({
  port: count(0, 65_535).default(3000).describe('Port to listen on. With 0, the system chooses one.'),
  host: text().default('0.0.0.0').describe('Address to listen on.'),
  webDir: text()
    .optional()
    .describe('Folder of the built page. Without it, only the gateway and the API are served. `npm start` sets it.'),
  originalWorkflow: flag().default(true).describe('Serve clients of the original workflow too, on `/socket.io`.'),
  storage: oneOf(['disk', 's3'])
    .default('disk')
    .describe('Where bytes are kept: `disk`, in `DATA_DIR`, or `s3`, in an S3-compatible object store.'),
  sessionStore: oneOf(['sqlite', 'redis'])
    .default('sqlite')
    .describe(
      'Where sessions and the catalogue are kept: `sqlite`, in `DATA_DIR`, or `redis`, for several gateways. `redis` needs ' +
        '`STORAGE=s3`.',
    ),
});

export type ServerOptions = Readonly<z.output<typeof serverOptionsSchema>>;
