import 'reflect-metadata';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Inject, Injectable, Module, type DynamicModule, type INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  InjectUploadClient,
  UPLOAD_CLIENT_OPTIONS,
  UploadClient,
  UploadClientModule,
  uploadClientToken,
  type UploadClientModuleOptions,
  type UploadClientOptionsFactory,
} from './client/index.js';
import {
  CatalogueRebuild,
  CatalogueRebuildModule,
  DiskStorage,
  SqliteUploadStore,
  UPLOAD_OPTIONS,
  UPLOAD_POLICY,
  UPLOAD_STORAGE_BACKEND,
  UPLOAD_STORE,
  UploadEvents,
  UploadModule,
  type ResolvedUploadOptions,
  type UploadModuleOptions,
  type UploadOptionsFactory,
} from './index.js';

const FOLDER = Symbol('FOLDER');

@Injectable()
class Settings implements UploadOptionsFactory, UploadClientOptionsFactory {
  constructor(@Inject(FOLDER) private readonly folder: string) {}

  createUploadOptions(): UploadModuleOptions {
    return { dataDir: this.folder, maxSessionsPerConnection: 7 };
  }

  async createUploadClientOptions(): Promise<UploadClientModuleOptions> {
    return { url: 'http://localhost', path: this.folder };
  }
}

/** A feature that does not import the modules whose providers it injects. */
@Injectable()
class Feature {
  constructor(
    readonly events: UploadEvents,
    readonly client: UploadClient,
  ) {}
}

@Module({ providers: [Feature] })
class FeatureModule {}

@Module({})
class ConfigModule {}

@Module({})
class HostModule {}

/** Wants the client that has no name. */
@Injectable()
class Plain {
  constructor(readonly client: UploadClient) {}
}

describe('a module of ours', () => {
  let folder: string;
  let app: INestApplicationContext | undefined;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'modules-'));
  });
  afterEach(async () => {
    await app?.close();
    app = undefined;
    await rm(folder, { recursive: true });
  });

  async function start(...imports: NonNullable<DynamicModule['imports']>): Promise<INestApplicationContext> {
    const host = { module: HostModule, imports };
    app = await NestFactory.createApplicationContext(host, { logger: false, abortOnError: false });
    return app;
  }

  /** Exports the folder, and `Settings` where they exist already. */
  const config = () => ({
    module: ConfigModule,
    providers: [{ provide: FOLDER, useValue: folder }, Settings],
    exports: [FOLDER, Settings],
  });

  const ways = {
    useFactory: {
      upload: { inject: [Settings], useFactory: (settings: Settings) => settings.createUploadOptions() },
      client: { inject: [Settings], useFactory: (settings: Settings) => settings.createUploadClientOptions() },
    },
    useClass: { upload: { useClass: Settings }, client: { useClass: Settings } },
    useExisting: { upload: { useExisting: Settings }, client: { useExisting: Settings } },
  };

  it.each(Object.entries(ways))('takes its options by %s', async (_, { upload, client }) => {
    const imports = [config()];
    const started = await start(
      UploadModule.forRootAsync({ imports, ...upload }),
      UploadClientModule.registerAsync({ imports, ...client }),
    );
    const resolved = started.get<ResolvedUploadOptions>(UPLOAD_OPTIONS, { strict: false });
    expect(resolved).toMatchObject({ dataDir: folder, maxSessionsPerConnection: 7, sha256: true });
    expect(started.get(UPLOAD_CLIENT_OPTIONS, { strict: false })).toEqual({ url: 'http://localhost', path: folder });
  });

  it.each(Object.entries(ways))('that rebuilds the catalogue takes its options by %s', async (_, { upload }) => {
    const started = await start(CatalogueRebuildModule.forRootAsync({ imports: [config()], ...upload }));
    await expect(started.get(CatalogueRebuild, { strict: false }).run()).resolves.toMatchObject({ restored: 0 });
  });

  it('is there for every other module if it is global', async () => {
    const url = 'http://localhost';
    const started = await start(
      UploadModule.forRoot({ dataDir: folder }, { isGlobal: true }),
      UploadClientModule.register({ url }, { isGlobal: true }),
      FeatureModule,
    );
    const feature = started.get(Feature, { strict: false });
    expect(feature.events).toBeInstanceOf(UploadEvents);
    expect(feature.client).toBeInstanceOf(UploadClient);
  });

  it('is there for every other module if it is global and its options come later', async () => {
    const started = await start(
      UploadModule.forRootAsync({ imports: [config()], useClass: Settings, isGlobal: true }),
      UploadClientModule.registerAsync({ imports: [config()], useClass: Settings, isGlobal: true }),
      FeatureModule,
    );
    expect(started.get(Feature, { strict: false }).events).toBeInstanceOf(UploadEvents);
  });

  it('is only there for who imports it if it is not global', async () => {
    const missing = start(
      UploadModule.forRoot({ dataDir: folder }),
      UploadClientModule.register({ url: '' }),
      FeatureModule,
    );
    await expect(missing).rejects.toThrow(/UploadEvents/);
  });

  it('gives each of several clients by its name, and by the class only the one that has none', async () => {
    @Injectable()
    class Archivist {
      constructor(
        readonly plain: UploadClient,
        @InjectUploadClient('archive') readonly archive: UploadClient,
        @InjectUploadClient('reports') readonly reports: UploadClient,
      ) {}
    }
    @Module({
      imports: [
        UploadClientModule.register({ url: 'http://a.example' }),
        UploadClientModule.register({ url: 'http://b.example' }, { name: 'archive' }),
        UploadClientModule.registerAsync({ name: 'reports', useFactory: () => ({ url: 'http://c.example' }) }),
      ],
      providers: [Archivist],
    })
    class ArchiveModule {}
    const started = await start({ module: ArchiveModule });
    const { plain, archive, reports } = started.get(Archivist, { strict: false });
    expect(new Set([plain, archive, reports])).toHaveProperty('size', 3);
    expect([plain, archive, reports].every((client) => client instanceof UploadClient)).toBe(true);
    expect(started.get(uploadClientToken('archive'), { strict: false })).toBe(archive);
    @Module({
      imports: [UploadClientModule.register({ url: 'http://b.example' }, { name: 'other' })],
      providers: [Plain],
    })
    class OtherModule {}
    await started.close();
    await expect(start({ module: OtherModule })).rejects.toThrow(/UploadClient/);
  });

  it('takes the providers and imports that come with its options', async () => {
    const audited = { provide: UPLOAD_POLICY, inject: [FOLDER], useFactory: (label: string) => ({ label }) };
    const extras = { imports: [config()], providers: [audited] };
    const started = await start(
      UploadModule.forRoot({ dataDir: folder }, extras),
      UploadModule.forRootAsync({ ...extras, useFactory: () => ({ dataDir: join(folder, 'second') }) }),
    );
    expect(started.get(UPLOAD_POLICY, { strict: false, each: true })).toEqual([{ label: folder }, { label: folder }]);
  });

  it('needs and makes no data folder where bytes and sessions are both kept elsewhere', async () => {
    const elsewhere = join(folder, 'elsewhere');
    await mkdir(elsewhere);
    const providers = [
      { provide: UPLOAD_STORAGE_BACKEND, useFactory: () => new DiskStorage(elsewhere) },
      { provide: UPLOAD_STORE, useFactory: () => SqliteUploadStore.open(join(elsewhere, 'catalogue.db')) },
    ];
    await start(UploadModule.forRoot({}, { providers }));
    await app?.close();
    await start(UploadModule.forRoot({ dataDir: join(folder, 'unused') }, { providers }));
    expect(await readdir(folder)).toEqual(['elsewhere']);
  });

  it('says that it needs a data folder where one of them is kept in it', async () => {
    const providers = [{ provide: UPLOAD_STORAGE_BACKEND, useFactory: () => new DiskStorage(folder) }];
    await expect(start(UploadModule.forRoot({}, { providers }))).rejects.toThrow('dataDir must name a folder');
  });
});
