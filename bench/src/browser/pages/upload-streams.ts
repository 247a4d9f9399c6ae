import { createBrowserUploadClient } from '@upload-streams/client';
import { provide } from './provide.ts';

const client = createBrowserUploadClient({ url: new URL(location.href).searchParams.get('server')! });

provide(async (file) => {
  const { fileId, fileName } = await client.uploadToEnd(file);
  return `${fileId}/${fileName}`;
});
