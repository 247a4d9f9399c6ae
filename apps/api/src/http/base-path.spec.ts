import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import express from 'express';
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { withoutBasePath } from './base-path.js';

describe('withoutBasePath', () => {
  let server: Server;

  beforeEach(async () => {
    const app = express().use(withoutBasePath('/uploads'), (request, response) => void response.send(request.url));
    server = app.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  const get = (path: string) =>
    fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`, { redirect: 'manual' });

  it.each([
    ['/uploads/a?b=/uploads', '/a?b=/uploads'],
    ['/uploads/uploads/', '/uploads/'],
    ['/a/uploads/', '/a/uploads/'],
    ['/uploadsa', '/uploadsa'],
  ])('takes %s for %s', async (path, expected) => {
    expect(await (await get(path)).text()).toBe(expected);
  });

  it.each([
    ['/uploads', '/uploads/'],
    ['/uploads?a=/b', '/uploads/?a=/b'],
  ])('sends %s to %s', async (path, expected) => {
    const { status, headers } = await get(path);
    expect([status, headers.get('location')]).toEqual([308, expected]);
  });
});
