import type { TestInfo } from '@playwright/test';
import { type GatewayProcess, sha256 } from '@upload-streams/testing';
import { open, readFile, utimes, writeFile, appendFile } from 'node:fs/promises';
import { expect, test } from './support/fixtures.js';
import { MIB, randomFile, type UploadPage } from './support/upload-page.js';
import { storedFiles } from './support/upload-server.js';

const SIZE = 12 * MIB;
const CHANGED = 'The file changed during its upload.';

/** Writes a file with an old date, because Chromium compares dates in whole seconds. */
async function oldFile(testInfo: TestInfo, name: string): Promise<string> {
  const path = testInfo.outputPath(name);
  await writeFile(path, randomFile(name, SIZE).buffer);
  await utimes(path, 1_700_000_000, 1_700_000_000);
  return path;
}

/** Overwrites a file in place: same inode, same size. */
async function overwrite(path: string): Promise<void> {
  const file = await open(path, 'r+');
  await file.write(randomFile('', SIZE).buffer, 0, SIZE, 0);
  await file.close();
}

const sumsOf = async (server: GatewayProcess, name: string): Promise<string[]> =>
  (await storedFiles(server)).filter((file) => file.name === name).map((file) => file.sha256);

const isMidway = async (uploads: UploadPage, name: string): Promise<void> => {
  await expect.poll(() => uploads.percent(name)).toBeGreaterThan(20);
};

test.beforeEach(({ link }) => {
  link.shape({ upstream: { bytesPerSecond: 4 * MIB } });
});

const changes = [
  { name: 'overwritten.bin', how: 'overwritten in place', change: overwrite },
  { name: 'appended.bin', how: 'appended to', change: (path: string) => appendFile(path, 'and more') },
];

for (const { name, how, change } of changes) {
  test(`a chosen file that is ${how} while it is sent is not stored, and the person is told`, async ({
    uploads,
    link,
    server,
  }, testInfo) => {
    const path = await oldFile(testInfo, name);
    await uploads.choosePath(path);
    await isMidway(uploads, name);
    await change(path);
    link.shape({});
    await expect(uploads.row(name)).toContainText(CHANGED);
    await expect(uploads.row(name)).toContainText('Choose it again');
    expect(await sumsOf(server, name)).toEqual([]);
  });

  test(`a dropped file that is ${how} while it is sent is uploaded as it is then`, async ({
    uploads,
    link,
    server,
  }, testInfo) => {
    const path = await oldFile(testInfo, `dropped-${name}`);
    await uploads.dropPath(path);
    await isMidway(uploads, `dropped-${name}`);
    await change(path);
    link.shape({});
    await expect(uploads.row(`dropped-${name}`)).toContainText('File uploaded successfully');
    expect(await sumsOf(server, `dropped-${name}`)).toEqual([sha256(await readFile(path))]);
  });
}

test('a file that is overwritten during a pause is not stored with its old beginning', async ({
  uploads,
  link,
  server,
}, testInfo) => {
  const name = 'paused-and-overwritten.bin';
  const path = await oldFile(testInfo, name);
  await uploads.choosePath(path);
  await isMidway(uploads, name);
  await uploads.button('Pause', name).click();
  await expect(uploads.row(name)).toContainText('Paused');
  await overwrite(path);
  link.shape({});
  await uploads.button('Resume', name).click();
  await expect(uploads.row(name)).toContainText(CHANGED);
  expect(await sumsOf(server, name)).toEqual([]);
});

test('a dropped file that is only touched while it is sent goes on', async ({ uploads, link, server }, testInfo) => {
  const name = 'touched.bin';
  const path = await oldFile(testInfo, name);
  await uploads.dropPath(path);
  await isMidway(uploads, name);
  await utimes(path, 1_700_000_100, 1_700_000_100);
  link.shape({});
  await expect(uploads.row(name)).toContainText('File uploaded successfully');
  expect(await sumsOf(server, name)).toEqual([sha256(await readFile(path))]);
  expect(link.sent('upstream')).toBeLessThan(SIZE * 1.3);
});
