import { chromium, type Browser } from '@playwright/test';
import { build } from 'esbuild';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { BenchClient, ClientJob, JobFile, PageFacts } from '../client/job.ts';
import { PlainPage } from './plain-page.ts';

const PAGE = '<!doctype html><meta charset="utf-8"><input type="file"><script src="/page.js"></script>';

/** Opens a page in a real Chromium that uploads files. `name` is a script in `pages`. */
export async function openPage(name: string, { url }: ClientJob): Promise<BenchClient> {
  const server = await serve(await bundle(name));
  const browser = await chromium.launch({ executablePath: process.env['CHROMIUM_PATH'], args: ['--no-sandbox'] });
  const { port } = server.address() as AddressInfo;
  const page = await PlainPage.open(browser, `http://127.0.0.1:${port}/?server=${encodeURIComponent(url)}`);
  return clientOf(page, browser, server);
}

function clientOf(page: PlainPage, browser: Browser, server: Server): BenchClient {
  return {
    async upload({ path }: JobFile) {
      await page.chooseFile(path);
      return page.evaluate<string>('bench.upload()');
    },
    facts: () => page.evaluate<PageFacts>('bench.facts()'),
    close() {
      server.close();
      void browser.close();
    },
  };
}

async function bundle(name: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(`./pages/${name}.ts`, import.meta.url))],
    bundle: true,
    minify: true,
    format: 'iife',
    platform: 'browser',
    write: false,
  });
  return outputFiles[0]!.text;
}

async function serve(script: string): Promise<Server> {
  const server = createServer(({ url }, response) => {
    const isScript = url === '/page.js';
    response.setHeader('Content-Type', isScript ? 'text/javascript' : 'text/html');
    response.end(isScript ? script : PAGE);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}
