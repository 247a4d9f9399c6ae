/** @jest-environment node */
import { Component, inject, Injectable, provideZonelessChangeDetection } from '@angular/core';
import { bootstrapApplication, type BootstrapContext } from '@angular/platform-browser';
import { provideServerRendering, renderApplication } from '@angular/platform-server';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server } from 'socket.io';
import { provideUploads, UploadService } from './index';

@Component({ selector: 'us-page', template: '' })
class Page {}

@Injectable({ providedIn: 'root' })
class Account {
  readonly token = 'of-the-account';
}

/** The whole way from the service to a server. In Node, because a test with a DOM can not have a server. */
describe('an upload of an Angular application', () => {
  let server: Server;
  let url: string;

  beforeEach(async () => {
    const http = createServer().listen(0, '127.0.0.1');
    await once(http, 'listening');
    server = new Server(http, { path: '/upload-streams' });
    url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  });
  afterEach(() => server.close());

  it('brings its token, its name and its metadata to the server', async () => {
    const begun = new Promise((resolve) =>
      server.on('connection', (socket) =>
        socket.on('begin_upload', ({ fileName, metadata }) =>
          resolve({ auth: socket.handshake.auth, fileName, metadata }),
        ),
      ),
    );
    const options = () => ({ url, token: () => inject(Account).token });
    const providers = [provideZonelessChangeDetection(), provideServerRendering(), provideUploads(options)];
    const bootstrap = async (context: BootstrapContext) => {
      const application = await bootstrapApplication(Page, { providers }, context);
      const file = new File(['content'], 'a.txt');
      application.injector
        .get(UploadService)
        .add([file], ({ name }) => ({ fileName: 'b.txt', metadata: { was: name } }));
      expect(await begun).toEqual({
        auth: { token: 'of-the-account' },
        fileName: 'b.txt',
        metadata: { was: 'a.txt' },
      });
      return application;
    };
    await renderApplication(bootstrap, {
      document: '<html><head></head><body><us-page></us-page></body></html>',
      url: 'http://localhost/',
      allowedHosts: ['localhost'],
    });
  });
});
