import { sha256OfFile } from '@upload-streams/testing';
import { stat } from 'node:fs/promises';
import { KillableBrowser } from './support/killable-browser.js';
import { expect, test } from './support/fixtures.js';
import { MIB, writeRandomFile, type UploadPage } from './support/upload-page.js';
import { storedFiles } from './support/upload-server.js';

/** LARGE=1 uses a file of 1 GiB. */
const large = Boolean(process.env['LARGE']);
const BYTES = large ? 1024 * MIB : 64 * MIB;
const KILL_AT_PERCENT = 60;
const NAME = 'crashed.bin';

test.setTimeout(large ? 600_000 : 120_000);

test.describe('an upload of which the browser was killed at 60 %', () => {
  const ways: Record<string, { begin: (uploads: UploadPage, path: string) => Promise<void>; goOn: GoOn }> = {
    'goes on with one click, without choosing the file again': {
      begin: (uploads, path) => uploads.dropPath(path),
      goOn: async (browser) => {
        await browser.uploads.button('Go on with', NAME).click();
        await browser.answerPrompt(/^Allow( this time)?$/);
      },
    },
    'goes on when its file is chosen again': {
      begin: (uploads, path) => uploads.choosePath(path),
      goOn: ({ uploads }, path) => uploads.chooseAgain(NAME, path),
    },
  };

  for (const [sentence, { begin, goOn }] of Object.entries(ways)) {
    test(sentence, async ({ link, server }, testInfo) => {
      const path = await writeRandomFile(testInfo.outputPath(NAME), BYTES);
      const profile = testInfo.outputPath('profile');

      const killed = await KillableBrowser.start(profile, link.url);
      await killed.identityIsOnDisk();
      link.shape({ upstream: { bytesPerSecond: large ? 48 * MIB : 12 * MIB } });
      await begin(killed.uploads, path);
      const reached = () => killed.uploads.percent(NAME);
      await expect.poll(reached, { intervals: [50], timeout: 120_000 }).toBeGreaterThanOrEqual(KILL_AT_PERCENT);
      await killed.kill();
      link.cut();
      link.shape({});
      const sentBefore = link.sent('upstream');
      const browser = await KillableBrowser.start(profile, link.url);
      await expect(browser.uploads.unfinished(NAME)).toContainText(/\d+ % of/);
      const offered = await browser.uploads.unfinished(NAME).locator('.details').textContent();
      const clickedAt = Date.now();
      await goOn(browser, path);
      await expect(browser.uploads.row(NAME)).toContainText('File uploaded successfully', { timeout: 120_000 });
      const seconds = (Date.now() - clickedAt) / 1000;
      await expect(browser.uploads.unfinishedRows).toHaveCount(0);
      await browser.close();

      const again = (link.sent('upstream') - sentBefore) / (await stat(path)).size;
      const figures = `offered as “${offered?.trim()}”; ${Math.round(again * 100)} % sent after it; ${seconds} s`;
      testInfo.annotations.push({ type: 'figures', description: figures });
      if (large) console.log(`${sentence}: ${figures}`);
      expect(again).toBeLessThan(1 - KILL_AT_PERCENT / 100 + 0.02);
      expect(await storedFiles(server)).toContainEqual({ name: NAME, sha256: await sha256OfFile(path) });
    });
  }
});

test('a prompt that is refused says so, and the file can be chosen again', async ({ link, server }, testInfo) => {
  const path = await writeRandomFile(testInfo.outputPath(NAME), 8 * MIB);
  const profile = testInfo.outputPath('profile');
  const killed = await KillableBrowser.start(profile, link.url);
  await killed.identityIsOnDisk();
  link.shape({ upstream: { bytesPerSecond: 4 * MIB } });
  await killed.uploads.dropPath(path);
  await expect.poll(() => killed.uploads.percent(NAME)).toBeGreaterThan(20);
  await killed.kill();
  link.cut();
  link.shape({});
  const browser = await KillableBrowser.start(profile, link.url);
  const { uploads } = browser;
  await uploads.button('Go on with', NAME).click();
  await browser.answerPrompt(/^Don.t allow$/i);
  await expect(uploads.unfinished(NAME)).toContainText('The browser was not given permission to read the file.');
  await uploads.chooseAgain(NAME, path);
  await expect(uploads.row(NAME)).toContainText('File uploaded successfully');
  await browser.close();
  expect(await storedFiles(server)).toContainEqual({ name: NAME, sha256: await sha256OfFile(path) });
});

type GoOn = (browser: KillableBrowser, path: string) => Promise<void>;
