import type { FaultProxy } from '@upload-streams/testing';
import { AxeBuilder } from '@axe-core/playwright';
import type { Page, TestInfo } from '@playwright/test';
import { expect, test } from './support/fixtures.js';
import { MIB, randomFile, writeRandomFile, type UploadPage } from './support/upload-page.js';

const LONG_NAME = `${'A very long file name that fits on no small screen '.repeat(4)}.pdf`;

/** One unfinished upload for which a wrong file was chosen, and one with a handle. */
async function unfinishedUploads(uploads: UploadPage, link: FaultProxy, testInfo: TestInfo): Promise<void> {
  const names = [`${'unfinished '.repeat(20)}.bin`, 'dropped.bin'];
  const paths = names.map((name) => testInfo.outputPath(name));
  for (const path of paths) await writeRandomFile(path, 32 * MIB);
  link.shape({ upstream: { bytesPerSecond: 2 * MIB } });
  await uploads.leaveUnfinished(...paths);
  link.shape({});
  await uploads.chooseAgain(names[0]!, paths[1]!);
  await expect(uploads.page.getByRole('alert')).toContainText('This is “dropped.bin”.');
}

/** One completed, one paused and one cancelled upload, and an open confirmation for a file. */
async function busyPage(uploads: UploadPage, link: FaultProxy): Promise<void> {
  await uploads.choose(randomFile(LONG_NAME, 1000));
  await expect(uploads.fileRows).toHaveCount(1);
  link.shape({ upstream: { bytesPerSecond: MIB } });
  await uploads.choose(randomFile('paused.bin', 4 * MIB), randomFile('cancelled.bin', 4 * MIB));
  await uploads.button('Pause', 'paused.bin').click();
  await uploads.button('Cancel', 'cancelled.bin').click();
  await expect(uploads.row('cancelled.bin')).toContainText('Cancelled');
  await uploads.button('Delete', LONG_NAME).click();
}

async function axeViolations(page: Page): Promise<unknown[]> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  return violations.map(({ id, nodes }) => ({ id, targets: nodes.map(({ target }) => target) }));
}

for (const colorScheme of ['light', 'dark'] as const) {
  test(`axe finds nothing on an empty nor on a busy page in ${colorScheme}`, async ({
    uploads,
    link,
    page,
  }, testInfo) => {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    expect(await axeViolations(page)).toEqual([]);
    await unfinishedUploads(uploads, link, testInfo);
    await busyPage(uploads, link);
    expect(await axeViolations(page)).toEqual([]);
  });
}

test('nothing scrolls sideways at 360 px', async ({ uploads, link, page }, testInfo) => {
  await page.setViewportSize({ width: 360, height: 740 });
  await unfinishedUploads(uploads, link, testInfo);
  await busyPage(uploads, link);
  const widths = await page.evaluate(() => [document.documentElement.scrollWidth, window.innerWidth]);
  expect(widths).toEqual([360, 360]);
});

test('the console stays empty from opening to deleting, the security policy included', async ({
  uploads,
  page,
  consoleErrors,
}) => {
  await uploads.choose(randomFile('quiet.bin', 3 * MIB));
  await expect(uploads.row('quiet.bin')).toContainText('File uploaded successfully');
  await uploads.button('Delete', 'quiet.bin').click();
  await page.getByRole('button', { name: 'Delete', exact: true }).click();
  await expect(page.getByText('No files yet.')).toBeVisible();
  expect(consoleErrors).toEqual([]);
});

test('everything works by keyboard alone', async ({ uploads, link, page }) => {
  const { keyboard } = page;
  const focused = page.locator(':focus');

  await uploads.withoutPicker();
  await keyboard.press('Tab');
  await expect(focused).toHaveText('Choose files');
  await expect(focused).toHaveCSS('outline-style', 'solid');
  const choosing = page.waitForEvent('filechooser');
  await keyboard.press('Enter');
  link.shape({ upstream: { bytesPerSecond: MIB } });
  await (await choosing).setFiles(randomFile('keys.bin', 2 * MIB));
  await expect.poll(() => uploads.percent('keys.bin')).toBeGreaterThan(0);

  await keyboard.press('Tab');
  await expect(focused).toHaveAccessibleName('Pause keys.bin');
  await expect(focused).toHaveCSS('outline-style', 'solid');
  await keyboard.press('Space');
  await expect(uploads.row('keys.bin')).toContainText('Paused');
  await expect(focused).toHaveAccessibleName('Resume keys.bin');
  link.shape({});
  await keyboard.press('Enter');
  await expect(uploads.row('keys.bin')).toContainText('File uploaded successfully');
  await expect(focused).toHaveAccessibleName('Dismiss keys.bin');

  await uploads.button('Delete', 'keys.bin').focus();
  await keyboard.press('Enter');
  await expect(focused).toHaveText('Keep');
  await keyboard.press('Escape');
  await expect(focused).toHaveAccessibleName('Delete keys.bin');
  await keyboard.press('Enter');
  await expect(focused).toHaveText('Keep');
  await keyboard.press('Tab');
  await expect(focused).toHaveText('Delete');
  await keyboard.press('Enter');
  await expect(page.getByText('No files yet.')).toBeVisible();
});

test('a screen reader is told of uploads that completed', async ({ uploads, page }) => {
  await uploads.choose(randomFile('heard.txt', 10));
  await expect(page.getByRole('status').filter({ hasText: 'heard.txt uploaded successfully.' })).toHaveCount(1);
});
