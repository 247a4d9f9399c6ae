import type { Browser, CDPSession } from '@playwright/test';

interface Answer {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

interface Evaluated<T> {
  readonly result: { readonly value: T };
  readonly exceptionDetails?: { readonly exception?: { readonly description?: string } };
}

const LOADED = `document.readyState === 'complete' || new Promise((resolve) => addEventListener('load', resolve))`;

/**
 * A page without network inspection. Playwright makes Chromium report each WebSocket message with its bytes in Base64, so
 * that a page that uploads gigabytes would do four times its work. This one is opened and driven through Chromium's own
 * protocol (https://chromedevtools.github.io/devtools-protocol/), with only the required domains enabled.
 */
export class PlainPage {
  private readonly browser: CDPSession;
  private readonly sessionId: string;
  private readonly waiting = new Map<number, PromiseWithResolvers<unknown>>();
  private lastId = 0;

  private constructor(browser: CDPSession, sessionId: string) {
    this.browser = browser;
    this.sessionId = sessionId;
    browser.on('Target.receivedMessageFromTarget', (event) => {
      if (event.sessionId === sessionId) this.read(JSON.parse(event.message) as Answer);
    });
  }

  /** Opens a page in a context that Playwright does not know, so that it leaves the page alone. */
  static async open(browser: Browser, url: string): Promise<PlainPage> {
    const session = await browser.newBrowserCDPSession();
    const { browserContextId } = await session.send('Target.createBrowserContext');
    const { targetId } = await session.send('Target.createTarget', { url: 'about:blank', browserContextId });
    const { sessionId } = await session.send('Target.attachToTarget', { targetId, flatten: false });
    const page = new PlainPage(session, sessionId);
    await page.send('Page.navigate', { url });
    await page.evaluate(LOADED);
    return page;
  }

  /** Chooses a file in the page's only input. */
  async chooseFile(path: string): Promise<void> {
    const { root } = await this.send<{ root: { nodeId: number } }>('DOM.getDocument');
    const input = { nodeId: root.nodeId, selector: 'input' };
    const { nodeId } = await this.send<{ nodeId: number }>('DOM.querySelector', input);
    await this.send('DOM.setFileInputFiles', { nodeId, files: [path] });
  }

  /** The value of an expression. A promise is awaited. */
  async evaluate<T>(expression: string): Promise<T> {
    const parameters = { expression, awaitPromise: true, returnByValue: true };
    const { result, exceptionDetails } = await this.send<Evaluated<T>>('Runtime.evaluate', parameters);
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? 'the page failed');
    return result.value;
  }

  private async send<Result>(method: string, params: object = {}): Promise<Result> {
    const id = ++this.lastId;
    const answer = Promise.withResolvers<unknown>();
    this.waiting.set(id, answer);
    const message = JSON.stringify({ id, method, params });
    await this.browser.send('Target.sendMessageToTarget', { sessionId: this.sessionId, message });
    return (await answer.promise) as Result;
  }

  private read({ id, result, error }: Answer): void {
    const answer = this.waiting.get(id);
    if (!answer) return;
    this.waiting.delete(id);
    if (error) answer.reject(new Error(error.message));
    else answer.resolve(result);
  }
}
