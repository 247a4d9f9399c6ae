import { Upload } from 'tus-js-client';
import { provide } from './provide.ts';

const endpoint = `${new URL(location.href).searchParams.get('server')}/files`;

provide(
  (file) =>
    new Promise((resolve, reject) => {
      const upload: Upload = new Upload(file, {
        endpoint,
        storeFingerprintForResuming: false,
        onSuccess: () => resolve(upload.url!.split('/').at(-1)!),
        onError: reject,
      });
      upload.start();
    }),
);
