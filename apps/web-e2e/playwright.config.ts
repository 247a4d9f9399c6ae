import { defineConfig } from '@playwright/test';
import { browserLaunch } from '@upload-streams/testing';

/** The built page against the built API in a real Chromium. Each worker has a server of its own. */
export default defineConfig({
  testDir: 'src',
  // Pictures are for people to look at: SCREENSHOTS names the folder they are written to.
  testIgnore: process.env['SCREENSHOTS'] ? [] : ['**/screenshots.spec.ts'],
  outputDir: 'test-results',
  preserveOutput: 'failures-only',
  forbidOnly: Boolean(process.env['CI']),
  fullyParallel: true,
  workers: 2,
  // Tests await what they want to see; these only end those in which it never comes, also on a machine that is busy.
  timeout: 120_000,
  expect: { timeout: 30_000 },
  reporter: [['list']],
  use: {
    launchOptions: browserLaunch(),
    trace: 'retain-on-failure',
  },
});
