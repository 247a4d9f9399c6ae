import { chromium, type Page } from '@playwright/test';
import { browserLaunch, freePort, sha256 } from '@upload-streams/testing';
import { randomBytes } from 'node:crypto';
import { startGateway } from './client-run.js';

/** The gateway of a built page. Its port is chosen before the build, which has the URL in it. */
export interface PageGateway {
  readonly port: number;
  readonly url: string;
}

export async function chooseGateway(): Promise<PageGateway> {
  const port = await freePort();
  return { port, url: `http://127.0.0.1:${port}` };
}

/**
 * Serves a built page, chooses a file in it, and waits for what the page shows at the end. Returns the SHA-256 of the file,
 * those of what the gateway has stored, and the errors of the page.
 */
export async function uploadFromPage({ port, url }: PageGateway, dist: string, ended: (page: Page) => Promise<void>) {
  const gateway = await startGateway({ PORT: String(port), WEB_DIR: dist });
  const browser = await chromium.launch(browserLaunch());
  try {
    const page = await browser.newPage();
    const errors: string[] = [];
    page.on('pageerror', (error) => errors.push(String(error)));
    await page.goto(url);
    const buffer = randomBytes(5_000_000);
    const file = { name: 'report.bin', mimeType: 'application/octet-stream', buffer };
    await page.locator('input[type=file]').first().setInputFiles(file);
    await ended(page);
    return { sent: sha256(buffer), stored: Object.values(await gateway.storedFiles()), errors };
  } finally {
    await browser.close();
    await gateway.close();
  }
}
