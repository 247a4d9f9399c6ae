import helmet from 'helmet';

/**
 * Headers that protect the page. A stored file must never run as a page of this origin: `UploadHttpModule` sets a
 * stricter policy for downloads.
 */
export const securityHeaders = helmet({
  contentSecurityPolicy: {
    // The defaults of helmet include `upgrade-insecure-requests`, which breaks a page that is served over plain HTTP.
    useDefaults: false,
    directives: {
      'default-src': ["'self'"],
      // Angular Material sets styles on elements.
      'style-src': ["'self'", "'unsafe-inline'"],
      'img-src': ["'self'", 'data:'],
      'connect-src': ["'self'", 'ws:', 'wss:'],
      'object-src': ["'none'"],
      'base-uri': ["'self'"],
      'frame-ancestors': ["'none'"],
    },
  },
  xFrameOptions: { action: 'deny' },
  // Pages of other origins may show stored files, for example in an `<img>`.
  crossOriginResourcePolicy: false,
  // Belongs to the proxy that ends TLS, which knows whether every subdomain has TLS too.
  strictTransportSecurity: false,
});
