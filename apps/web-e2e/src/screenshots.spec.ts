import { join } from 'node:path';
import { expect, test } from './support/fixtures.js';
import { MIB, randomFile, writeRandomFile } from './support/upload-page.js';

/** The folder for screenshots of the page. Without it, this file is not run. */
const folder = process.env['SCREENSHOTS'] ?? 'test-results';

for (const width of [360, 1440]) {
  for (const colorScheme of ['light', 'dark'] as const) {
    test(`pictures at ${width} px, ${colorScheme}`, async ({ uploads, link, page }, testInfo) => {
      const picture = (what: string) =>
        page.screenshot({ path: join(folder, `${what}-${width}-${colorScheme}.png`), fullPage: true });

      await page.setViewportSize({ width, height: 900 });
      await page.emulateMedia({ colorScheme });
      await picture('empty');

      const names = ['wedding, the whole day, as it came from the camera.mov', 'dissertation with all figures.pdf'];
      const paths = names.map((name) => testInfo.outputPath(name));
      for (const path of paths) await writeRandomFile(path, 32 * MIB);
      link.shape({ upstream: { bytesPerSecond: 2 * MIB } });
      await uploads.leaveUnfinished(...paths);
      link.shape({});
      await uploads.chooseAgain(names[0]!, paths[1]!);
      await expect(page.getByRole('alert')).toBeVisible();
      await picture('unfinished');

      await uploads.choose(
        randomFile('Annual report 2026.pdf', 2.4 * MIB, 'application/pdf'),
        randomFile('A film with a name that is much longer than any small screen is wide.mp4', 3 * MIB, 'video/mp4'),
        randomFile('harbour at dawn.jpg', 840_000, 'image/jpeg'),
      );
      await expect(uploads.fileRows).toHaveCount(3);
      await uploads.button('Dismiss', 'harbour at dawn.jpg').click();
      link.shape({ upstream: { bytesPerSecond: MIB } });
      await uploads.choose(
        randomFile('backup of the old laptop.tar.gz', 24 * MIB),
        randomFile('interview.wav', 9 * MIB, 'audio/wav'),
        { ...randomFile('renamed', 10), name: `${'x'.repeat(250)}.much-too-long` },
        randomFile('not wanted.iso', 9 * MIB),
      );
      await uploads.button('Cancel', 'not wanted.iso').click();
      await expect.poll(() => uploads.percent('interview.wav')).toBeGreaterThan(5);
      await uploads.button('Pause', 'interview.wav').click();
      await expect(uploads.row('backup of the old laptop.tar.gz')).toContainText('left');
      await uploads.button('Delete', 'harbour at dawn.jpg').click();
      await picture('busy');
    });
  }
}
