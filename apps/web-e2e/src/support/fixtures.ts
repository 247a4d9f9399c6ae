import { test as base, expect } from '@playwright/test';
import { FaultProxy, type GatewayProcess } from '@upload-streams/testing';
import { UploadPage } from './upload-page.js';
import { startServer } from './upload-server.js';

interface WorkerFixtures {
  readonly server: GatewayProcess;
}

interface TestFixtures {
  /** The link from this test's browser to the server. */
  readonly link: FaultProxy;
  /** Errors and warnings in the browser's console. */
  readonly consoleErrors: string[];
  /** The page on its first visit. */
  readonly uploads: UploadPage;
}

export const test = base.extend<TestFixtures, WorkerFixtures>({
  server: [
    // Playwright requires destructuring to find the fixtures that this one needs: none.
    // eslint-disable-next-line no-empty-pattern
    async ({}, use) => {
      const server = await startServer();
      await use(server);
      await server.close();
    },
    { scope: 'worker' },
  ],
  link: async ({ server }, use) => {
    if (!server.running) await server.startAgain();
    const link = await FaultProxy.open({ port: server.port });
    await use(link);
    await link.close();
  },
  baseURL: async ({ link }, use) => use(link.url),
  consoleErrors: async ({ page }, use) => {
    const errors: string[] = [];
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') errors.push(message.text());
    });
    page.on('pageerror', (error) => errors.push(String(error)));
    await use(errors);
  },
  uploads: async ({ page, consoleErrors }, use) => {
    await page.goto('/');
    await expect(page.getByText('No files yet.')).toBeVisible();
    expect(consoleErrors).toEqual([]);
    await use(new UploadPage(page));
  },
});

export { expect };
