import { provideHttpClient } from '@angular/common/http';
import { provideHttpClientTesting } from '@angular/common/http/testing';
import {
  ChangeDetectionStrategy,
  Component,
  destroyPlatform,
  NgZone,
  provideZoneChangeDetection,
  type ApplicationRef,
} from '@angular/core';
import { bootstrapApplication } from '@angular/platform-browser';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { MemoryResumeStore } from '@upload-streams/client';
import { RESUME_STORE, UPLOAD_CLIENT, UploadQueue, UploadService } from './index';
import { FakeEngine } from './testing/fake-engine';
import { photo, states } from './testing/states';

@Component({
  selector: 'us-page',
  imports: [UploadQueue],
  template: '<us-upload-queue />',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
class Page {}

describe('an application with zone.js', () => {
  let engine: FakeEngine;
  let application: ApplicationRef;

  beforeAll(async () => {
    await import('zone.js');
  });
  beforeEach(async () => {
    // The one of the other specs has no zones.
    destroyPlatform();
    document.body.innerHTML = '<us-page></us-page>';
    engine = new FakeEngine();
    application = await bootstrapApplication(Page, {
      providers: [
        provideZoneChangeDetection(),
        provideHttpClient(),
        provideHttpClientTesting(),
        { provide: UPLOAD_CLIENT, useValue: engine },
        { provide: RESUME_STORE, useValue: new MemoryResumeStore() },
      ],
    });
  });
  afterEach(() => {
    application.destroy();
    destroyPlatform();
  });

  /** Resolves when the page shows it. */
  const shown = (text: string) =>
    new Promise<void>((resolve) => {
      const look = () => document.body.textContent?.includes(text) && (observer.disconnect(), resolve());
      const observer = new MutationObserver(look);
      observer.observe(document.body, { childList: true, characterData: true, subtree: true });
      look();
    });

  it('has a zone', () => {
    expect(application.injector.get(NgZone)).toBeInstanceOf(NgZone);
  });

  it.each([
    ['inside', (zone: NgZone, work: () => void) => zone.run(work)],
    ['outside', (zone: NgZone, work: () => void) => zone.runOutsideAngular(work)],
  ])('shows what happens %s of the zone', async (_where, run) => {
    const zone = application.injector.get(NgZone);
    const begun = engine.nextUpload();
    run(zone, () => application.injector.get(UploadService).add([photo()]));
    const upload = await begun;
    run(zone, () => upload.states.next(states.plain('uploading', { uploaded: 429 })));
    await shown('429 bytes of 1 kB');
    run(zone, () => upload.states.next(states.completed()));
    await shown('File uploaded successfully');
  });
});
