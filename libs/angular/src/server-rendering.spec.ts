/** @jest-environment node */
import { provideHttpClient } from '@angular/common/http';
import { HttpTestingController, provideHttpClientTesting } from '@angular/common/http/testing';
import {
  ChangeDetectionStrategy,
  Component,
  DOCUMENT,
  inject,
  provideEnvironmentInitializer,
  provideZonelessChangeDetection,
  type ApplicationConfig,
} from '@angular/core';
import { bootstrapApplication, type BootstrapContext } from '@angular/platform-browser';
import { provideServerRendering, renderApplication } from '@angular/platform-server';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { DropZone, FileList, provideUploads, UnfinishedList, UploadQueue, UploadService } from './index';

@Component({
  selector: 'us-page',
  imports: [DropZone, FileList, UnfinishedList, UploadQueue],
  template: `
    <us-drop-zone (chosen)="uploads.add($event)" />
    <us-unfinished-list />
    <us-upload-queue />
    <us-file-list />
  `,
  changeDetection: ChangeDetectionStrategy.OnPush,
})
class Page {
  protected readonly uploads = inject(UploadService);
}

describe('a page that is rendered on a server', () => {
  /** What our own code has touched of the browser. */
  let touched: string[];
  let restore: (() => void)[];

  /** Notes when our own code reads a property; Angular knows what it may read on a server. */
  function watch(target: object, name: string): void {
    const original = Object.getOwnPropertyDescriptor(target, name);
    const get = () => {
      if (/libs\/(angular|client)\/src\/(?!server-rendering)/.test(new Error().stack ?? '')) touched.push(name);
      if (!original) return Reflect.get(Object.getPrototypeOf(target) as object, name, target) as unknown;
      return original.get ? (original.get.call(target) as unknown) : (original.value as unknown);
    };
    Object.defineProperty(target, name, { configurable: true, get, set: () => touched.push(name) });
    restore.push(() => {
      if (original) Object.defineProperty(target, name, original);
      else Reflect.deleteProperty(target, name);
    });
  }

  beforeEach(() => {
    touched = [];
    restore = [];
    for (const name of ['document', 'window', 'navigator', 'localStorage', 'indexedDB', 'location']) {
      watch(globalThis, name);
    }
  });
  afterEach(() => {
    for (const undo of restore) undo();
  });

  it('has all parts, touches nothing of a browser, and asks for nothing in the name of a person', async () => {
    let requests: unknown[] = ['not looked'];
    const config: ApplicationConfig = {
      providers: [
        provideZonelessChangeDetection(),
        provideServerRendering(),
        provideHttpClient(),
        provideHttpClientTesting(),
        provideEnvironmentInitializer(() => {
          for (const name of ['defaultView', 'cookie', 'location']) watch(inject(DOCUMENT), name);
        }),
        provideUploads(),
      ],
    };
    const bootstrap = async (context: BootstrapContext) => {
      const application = await bootstrapApplication(Page, config, context);
      requests = application.injector.get(HttpTestingController).match(() => true);
      return application;
    };
    const html = await renderApplication(bootstrap, {
      document: '<html><head></head><body><us-page></us-page></body></html>',
      url: 'http://localhost/',
      allowedHosts: ['localhost'],
    });
    for (const part of ['us-drop-zone', 'us-unfinished-list', 'us-upload-queue', 'us-file-list']) {
      expect(html).toContain(`<${part}`);
    }
    expect(html).toContain('Files to upload');
    expect(touched).toEqual([]);
    expect(requests).toEqual([]);
  });
});
