import type { NextFunction, Request, RequestHandler, Response } from 'express';

/**
 * Removes the path below which a proxy makes the application reachable from the requests of a proxy that does not do so
 * itself. The page has relative links, so a request for the path alone is sent to the path with a slash.
 */
export function withoutBasePath(basePath: string): RequestHandler {
  return (request: Request, response: Response, next: NextFunction) => {
    const { url } = request;
    if (basePath !== '' && (url === basePath || url.startsWith(`${basePath}?`))) {
      response.redirect(308, `${basePath}/${url.slice(basePath.length)}`);
      return;
    }
    if (basePath !== '' && url.startsWith(`${basePath}/`)) request.url = url.slice(basePath.length);
    next();
  };
}
