import 'reflect-metadata';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { DynamicModule, ModuleMetadata } from '@nestjs/common';
import type { CompletedUpload } from '@upload-streams/protocol';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UploadModule } from '../index.js';
import { UploadMetricsModule } from '../metrics/index.js';
import { UploadHealthModule } from '../terminus/index.js';
import { UploadHttpModule } from './index.js';
import { ALICE, HttpHost, PLATFORMS } from './testing/http-host.js';

describe.each(PLATFORMS)('upload areas on %s', (_, newAdapter) => {
  let folder: string;
  let host: HttpHost | undefined;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'areas-'));
  });
  afterEach(async () => {
    await host?.close();
    host = undefined;
    await rm(folder, { recursive: true });
  });

  const start = async (imports: ModuleMetadata['imports']) =>
    (host = await HttpHost.start(newAdapter(), { imports: imports ?? [] }));

  const newArea = (name: string, maxFileBytes = 1000): DynamicModule =>
    UploadModule.forRoot({ path: `/sockets/${name}`, dataDir: join(folder, name), maxFileBytes });

  const uploadTo = (area: string, text: string): Promise<CompletedUpload> =>
    host!.client(ALICE, `/sockets/${area}`).uploadToEnd(Buffer.from(text), { fileName: `${text}.txt` });

  it('are served side by side, each with its own files, limits and links', async () => {
    const photos = newArea('photos');
    const letters = newArea('letters', 5);
    const { warnings } = await start([
      photos,
      letters,
      UploadHttpModule.forRoot({ path: 'photos' }, { area: photos }),
      UploadHttpModule.forRootAsync({ useFactory: () => ({ path: 'letters/all' }), area: letters }),
    ]);
    const photo = await uploadTo('photos', 'sunset');
    const letter = await uploadTo('letters', 'Hello');
    await expect(uploadTo('letters', 'too long')).rejects.toMatchObject({ code: 'FILE_TOO_LARGE' });
    expect([photo.url, letter.url]).toEqual([`/photos/${photo.fileId}`, `/letters/all/${letter.fileId}`]);
    expect(await (await host!.fetch(photo.url)).text()).toBe('sunset');
    expect(await (await host!.fetch(letter.url)).text()).toBe('Hello');
    expect((await host!.fetch(`/letters/all/${photo.fileId}`)).status).toBe(404);
    expect(await (await host!.fetch('/photos')).json()).toMatchObject({ files: [{ fileId: photo.fileId }] });
    expect(await (await host!.fetch('/letters/all')).json()).toMatchObject({ files: [{ fileId: letter.fileId }] });
    expect((await host!.fetch('/api/files')).status).toBe(404);
    expect((await host!.fetch(letter.url, {}, 'DELETE')).status).toBe(204);
    expect(await readdir(join(folder, 'photos', 'files'))).toEqual([photo.fileId]);
    expect(await readdir(join(folder, 'letters', 'files'))).toEqual([]);
    expect(warnings).toEqual([]);
  });

  it('have health checks and metrics of their own', async () => {
    const [photos, letters] = [newArea('photos'), newArea('letters')];
    await start([
      photos,
      letters,
      UploadHealthModule.forRoot({ path: 'photos/health' }, { area: photos }),
      UploadHealthModule.forRoot({ path: 'letters/health' }, { area: letters }),
      UploadMetricsModule.forRoot({ path: 'photos/metrics' }, { area: photos }),
      UploadMetricsModule.forRoot({ path: 'letters/metrics', processMetrics: false }, { area: letters }),
    ]);
    await uploadTo('photos', 'sunset');
    const metrics = async (path: string) => (await host!.fetch(path)).text();
    expect(await metrics('/photos/metrics')).toContain('upload_streams_completed_total 1');
    expect(await metrics('/letters/metrics')).toContain('upload_streams_completed_total 0');
    await rm(join(folder, 'letters'), { recursive: true });
    expect((await host!.fetch('/photos/health/ready')).status).toBe(200);
    expect((await host!.fetch('/letters/health/ready')).status).toBe(503);
  });

  it.each([
    ['there is none', 0, 'There is no UploadModule. Import one'],
    [
      'there are several',
      2,
      'There are 2 UploadModules. Pass the one that is meant, as the object that its forRoot returned',
    ],
  ])('have to be named where %s', async (_how, count, sentence) => {
    const areas = Array.from({ length: count }, (_area, index) => newArea(`area-${index}`));
    await expect(start([...areas, UploadHttpModule.forRoot()])).rejects.toThrow(sentence);
  });

  it('that two modules serve have links to the first, and the second says so at start', async () => {
    const area = newArea('area');
    const { warnings } = await start([
      area,
      UploadHttpModule.forRoot({ path: 'first' }),
      UploadHttpModule.forRoot({ path: 'second' }),
    ]);
    const { url, fileId } = await uploadTo('area', 'text');
    expect(url).toBe(`/first/${fileId}`);
    for (const path of [url, `/second/${fileId}`]) expect((await host!.fetch(path)).status).toBe(200);
    expect(warnings).toEqual([
      'Clients are told links to files that do not lead to /second: another UploadHttpModule serves the same files, and ' +
        'the links lead to /first',
    ]);
  });
});
