import { chromium, expect, type BrowserContext } from '@playwright/test';
import { readdir, readFile, readlink, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { browserLaunch } from '@upload-streams/testing';
import { answerPrompt, PROMPT_ANSWERING_ARGS } from './permission-prompt.js';
import { UploadPage } from './upload-page.js';

/** A browser with a profile on disk. It can be killed and started again with the same profile. */
export class KillableBrowser {
  private constructor(
    private readonly context: BrowserContext,
    private readonly profile: string,
    readonly uploads: UploadPage,
  ) {}

  static async start(profile: string, url: string): Promise<KillableBrowser> {
    const { args = [], ...launch } = browserLaunch();
    const options = { ...launch, args: [...args, ...PROMPT_ANSWERING_ARGS] };
    const context = await chromium.launchPersistentContext(profile, options);
    const page = context.pages()[0] ?? (await context.newPage());
    page.on('dialog', (dialog) => void dialog.accept());
    await page.goto(url);
    await expect(page.getByText('No files yet.')).toBeVisible();
    return new KillableBrowser(context, profile, new UploadPage(page));
  }

  /** Answers the permission prompt once it appears. */
  answerPrompt(text: RegExp): Promise<void> {
    return answerPrompt(this.profile, text);
  }

  /** Kills the main process with SIGKILL. The other processes end with it. */
  async kill(): Promise<void> {
    const devtools = await this.context.browser()!.newBrowserCDPSession();
    const { processInfo } = await devtools.send('SystemInfo.getProcessInfo');
    const main = processInfo.find(({ type }) => type === 'browser')!;
    const closed = this.context.waitForEvent('close');
    const socket = await readlink(join(this.profile, 'SingletonSocket'));
    process.kill(main.id, 'SIGKILL');
    await closed;
    // A killed browser leaves this folder among the temporary files.
    await rm(dirname(socket), { recursive: true, force: true });
  }

  /**
   * Chromium writes localStorage with a delay of seconds. A crash before that loses the identity of a first-time visitor,
   * and with it the ownership of the session.
   */
  async identityIsOnDisk(): Promise<void> {
    const secret = await this.uploads.page.evaluate(() => localStorage.getItem('upload_identity') ?? '');
    const folder = join(this.profile, 'Default', 'Local Storage', 'leveldb');
    const onDisk = async () => {
      const names = (await readdir(folder)).filter((name) => /\.(log|ldb)$/.test(name));
      const contents = await Promise.all(names.map((name) => readFile(join(folder, name), 'latin1')));
      return contents.some((content) => content.includes(secret));
    };
    await expect.poll(onDisk, { timeout: 30_000 }).toBe(true);
  }

  async close(): Promise<void> {
    await this.context.close();
  }
}
