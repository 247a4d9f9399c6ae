import 'reflect-metadata';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  Catch,
  Controller,
  ForbiddenException,
  Get,
  Injectable,
  Module,
  RequestMethod,
  ValidationPipe,
  VersioningType,
  type ArgumentsHost,
  type CanActivate,
  type ExceptionFilter,
  type ExecutionContext,
  type INestApplication,
} from '@nestjs/common';
import { HttpAdapterHost, RouterModule } from '@nestjs/core';
import type { CompletedUpload } from '@upload-streams/protocol';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { map } from 'rxjs';
import { UploadModule, type UploadModuleOptions } from '../index.js';
import { UploadHttpModule, type UploadHttpModuleExtras, type UploadHttpModuleOptions } from './index.js';
import { ALICE, HttpHost, PLATFORMS } from './testing/http-host.js';

/** A controller of the application, beside ours. */
@Controller('cats')
class CatsController {
  @Get()
  find() {
    return { cats: 1 };
  }

  @Get('error')
  fail() {
    throw new Error('no cats');
  }
}

/** As many applications have it: all that is thrown becomes an error of theirs. */
@Catch()
class HostFilter implements ExceptionFilter {
  constructor(private readonly adapterHost: HttpAdapterHost) {}

  catch(error: Error, host: ArgumentsHost): void {
    this.adapterHost.httpAdapter.reply(host.switchToHttp().getResponse(), { host: error.message }, 418);
  }
}

@Injectable()
class Door {
  isOpen = false;
}

@Module({ providers: [Door], exports: [Door] })
class DoorModule {}

@Injectable()
class DoorGuard implements CanActivate {
  constructor(private readonly door: Door) {}

  canActivate(): boolean {
    return this.door.isOpen;
  }
}

describe.each(PLATFORMS)('UploadHttpModule in an application on %s', (_, newAdapter) => {
  let dataDir: string;
  let host: HttpHost;

  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'host-setups-'));
  });
  afterEach(async () => {
    await host.close();
    await rm(dataDir, { recursive: true });
  });

  interface Setup {
    readonly upload?: UploadModuleOptions;
    readonly http?: UploadHttpModuleOptions;
    readonly extras?: UploadHttpModuleExtras;
    readonly imports?: NonNullable<Parameters<typeof HttpHost.start>[1]['imports']>;
  }

  async function start(configure?: (app: INestApplication) => void, setup: Setup = {}): Promise<void> {
    const { upload, http, extras, imports = [] } = setup;
    const modules = [UploadModule.forRoot({ dataDir, ...upload }), UploadHttpModule.forRoot(http, extras)];
    const parts = { imports: [...modules, ...imports], controllers: [CatsController] };
    host = await HttpHost.start(newAdapter(), parts, configure);
  }

  const upload = () => host.client(ALICE).uploadToEnd(Buffer.from('bytes'), { fileName: 'a.txt', type: 'text/plain' });

  /** The link of `upload_success`, which has to lead to the file, and to nothing once it is deleted. */
  async function followed(file: CompletedUpload): Promise<string> {
    expect(await (await host.fetch(file.url)).text()).toBe('bytes');
    expect((await host.fetch(file.url, { Range: 'bytes=1-2' })).status).toBe(206);
    const list = new URL(file.url, host.url).pathname.replace(`/${file.fileId}`, '');
    expect(await (await host.fetch(list)).json()).toEqual({ files: [expect.objectContaining({ url: file.url })] });
    expect((await host.fetch(file.url, {}, 'DELETE')).status).toBe(204);
    expect((await host.fetch(file.url)).status).toBe(404);
    return list;
  }

  const prefixed = (app: INestApplication) => app.setGlobalPrefix('shop/');
  const excluding = (exclude: string[]) => (app: INestApplication) => app.setGlobalPrefix('shop', { exclude });
  const versioned = (options: object) => (app: INestApplication) =>
    app.enableVersioning({ type: VersioningType.URI, ...options });
  const inModule = RouterModule.register([{ path: 'mine', module: UploadHttpModule }]);

  it.each<[string, string, ((app: INestApplication) => void) | undefined, Setup]>([
    ['as it is', '/api/files', undefined, {}],
    ['with a path', '/media/v2.1/files', undefined, { http: { path: '/media/v2.1/files/' } }],
    ['with a global prefix', '/shop/api/files', prefixed, {}],
    ['with a global prefix that leaves it out', '/api/files', excluding(['api/files', 'api/files/*path']), {}],
    ['with a global prefix that leaves out others', '/shop/api/files', excluding(['cats']), {}],
    ['with URI versioning, unversioned', '/api/files', versioned({}), {}],
    ['with a default version', '/v1/api/files', versioned({ defaultVersion: '1' }), {}],
    ['with several default versions', '/v2/api/files', versioned({ defaultVersion: ['2', '3'] }), {}],
    ['with a version', '/v7/api/files', versioned({ defaultVersion: '1' }), { http: { version: '7' } }],
    [
      'with a prefix for versions, and a global one',
      '/shop/release-7/api/files',
      (app) => versioned({ prefix: 'release-' })(prefixed(app)),
      { http: { version: '7' } },
    ],
    ['with a version that nothing applies', '/api/files', undefined, { http: { version: '7' } }],
    ['with RouterModule', '/shop/mine/api/files', prefixed, { imports: [inModule] }],
  ])('is served %s where the links lead: at %s', async (_how, path, configure, setup) => {
    await start(configure, setup);
    const file = await upload();
    expect(file.url).toBe(`${path}/${file.fileId}`);
    expect(await followed(file)).toBe(path);
    expect(host.warnings).toEqual([]);
  });

  it('takes its options later, from a class or a factory', async () => {
    const useFactory = async () => ({ path: 'later' });
    class Settings {
      createUploadHttpOptions = useFactory;
    }
    for (const way of [{ useFactory }, { useClass: Settings }]) {
      host = await HttpHost.start(newAdapter(), {
        imports: [UploadHttpModule.forRootAsync(way), UploadModule.forRoot({ dataDir })],
      });
      expect(await followed(await upload())).toBe('/later');
      if ('useFactory' in way) await host.close();
    }
  });

  it('has absolute links, below what a proxy adds, if it knows the public URL', async () => {
    await start(prefixed, { http: { publicUrl: 'https://files.example.com/gateway/' } });
    const { url, fileId } = await upload();
    expect(url).toBe(`https://files.example.com/gateway/shop/api/files/${fileId}`);
    expect((await host.fetch(url.replace('https://files.example.com/gateway', host.url))).status).toBe(200);
  });

  it('lets links lead elsewhere that the application makes, and says at start that they do', async () => {
    await start(undefined, { upload: { fileUrl: (fileId) => `https://cdn.example.com/${fileId}` } });
    expect((await upload()).url).toMatch(/^https:\/\/cdn\.example\.com\//);
    expect(host.warnings).toEqual([
      'Clients are told links to files that do not lead to /api/files: `fileUrl` of UploadModule returns ' +
        'https://cdn.example.com/FILE_ID. Leave it out, or change it',
    ]);
  });

  it('does not complain of links that the application makes and that lead here', async () => {
    await start(undefined, { upload: { fileUrl: (fileId) => `https://proxy.example.com/api/files/${fileId}` } });
    expect(host.warnings).toEqual([]);
  });

  it.each<[string, (app: INestApplication) => void]>([
    [
      'takes the version from the request',
      (app) => app.enableVersioning({ type: VersioningType.HEADER, header: 'X-Version', defaultVersion: '1' }),
    ],
    ['the route has parameters', (app) => app.setGlobalPrefix('tenants/:tenant')],
  ])('says at start that links can not work where it %s', async (sentence, configure) => {
    await start(configure);
    expect(host.warnings).toEqual([expect.stringContaining(sentence)]);
  });

  it('is not changed by strict pipes, by interceptors that wrap, and by filters that catch all', async () => {
    await start((app) => {
      app.useGlobalPipes(new ValidationPipe({ whitelist: true, forbidNonWhitelisted: true, transform: true }));
      app.useGlobalInterceptors({ intercept: (_context, next) => next.handle().pipe(map((data) => ({ data }))) });
      app.useGlobalFilters(new HostFilter(app.get(HttpAdapterHost)));
    });
    const { url, fileId } = await upload();
    const list = await host.fetch('/api/files?limit=10&cursor=&unknown=1');
    expect(await list.json()).toEqual({ files: [expect.objectContaining({ fileId, url })] });
    const missing = await host.fetch('/api/files/nothing');
    expect([missing.status, await missing.json()]).toMatchObject([404, { error: { code: 'FILE_NOT_FOUND' } }]);
    expect((await host.fetch(url, { Range: 'bytes=9-' })).status).toBe(416);
    expect(await (await host.fetch(url)).text()).toBe('bytes');
    expect((await host.fetch(url, {}, 'DELETE')).status).toBe(204);
  });

  it('changes nothing of other controllers: neither their errors nor who may call them', async () => {
    await start();
    const cats = await fetch(`${host.url}/cats`, { headers: { Authorization: 'Bearer not-a-secret' } });
    expect(await cats.json()).toEqual({ cats: 1 });
    expect(await (await fetch(`${host.url}/cats/error`)).json()).toMatchObject({ statusCode: 500 });
  });

  it('is behind the guards of the application, whose errors keep the form of the application', async () => {
    const guard: CanActivate = {
      canActivate: (context: ExecutionContext) => {
        const { headers } = context.switchToHttp().getRequest<{ headers: Record<string, string> }>();
        if (headers['x-member'] === undefined) throw new ForbiddenException('members only');
        return true;
      },
    };
    await start((app) => app.useGlobalGuards(guard));
    const { url } = await upload();
    const refused = await host.fetch(url);
    expect(await refused.json()).toMatchObject({ statusCode: 403, message: 'members only' });
    expect((await host.fetch(url, { 'X-Member': '1' })).status).toBe(200);
  });

  it('has guards of its own, with what they inject', async () => {
    await start(undefined, { imports: [DoorModule], extras: { guards: [DoorGuard], imports: [DoorModule] } });
    const { url } = await upload();
    expect((await host.fetch(url)).status).toBe(403);
    expect((await host.fetch('/cats')).status).toBe(200);
    host.app.get(Door, { strict: false }).isOpen = true;
    expect((await host.fetch(url)).status).toBe(200);
  });

  it('leaves protection against CSRF to the application that wants to', async () => {
    await start(undefined, { http: { checkOrigin: false } });
    const { url } = await upload();
    const headers = { Cookie: `upload_identity=${ALICE}`, Origin: 'https://other.example' };
    expect((await fetch(host.url + url, { method: 'DELETE', headers })).status).toBe(204);
  });

  it('has the headers that the application gives all of its answers', async () => {
    await start((app) => app.enableCors({ origin: 'https://app.example.com', credentials: true }));
    const { url } = await upload();
    for (const path of [url, '/api/files', '/api/files/nothing']) {
      const { headers } = await host.fetch(path, { Origin: 'https://app.example.com' });
      expect(headers.get('access-control-allow-origin')).toBe('https://app.example.com');
    }
  });

  it('can leave single routes out of the prefix', async () => {
    const exclude = [{ path: 'api/files/:fileId', method: RequestMethod.GET }];
    await start((app) => app.setGlobalPrefix('shop', { exclude }));
    const { url, fileId } = await upload();
    expect(url).toBe(`/api/files/${fileId}`);
    expect((await host.fetch(url)).status).toBe(200);
  });
});

describe('UploadHttpModule', () => {
  it.each([
    { path: 'files/:tenant' },
    { path: '' },
    { path: 'a/../b' },
    { publicUrl: 'files.example.com' },
    { downloadIdleTimeoutMs: 0 },
  ])('does not start with %p, and names it', async (options) => {
    const [, newAdapter] = PLATFORMS[0]!;
    const starting = HttpHost.start(newAdapter(), { imports: [UploadHttpModule.forRoot(options)] });
    await expect(starting).rejects.toThrow(`UploadHttpModule: ${Object.keys(options)[0]} must be`);
  });
});
