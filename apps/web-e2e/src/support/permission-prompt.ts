import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

interface Answer {
  readonly id?: number;
  readonly result?: unknown;
  readonly error?: unknown;
}

/** A node of the browser's own windows, as its UI DevTools show it. */
interface UiNode {
  readonly nodeId: number;
  readonly attributes?: readonly string[];
  readonly children?: readonly UiNode[];
}

/**
 * Arguments of a browser whose prompts can be answered. The DevTools protocol can't grant permission to read files
 * (Chromium 156: "Invalid PermissionDescriptor name"). The prompt exists in headless mode too, and Chromium's UI DevTools
 * can press its buttons like a mouse.
 */
export const PROMPT_ANSWERING_ARGS = [
  '--enable-ui-devtools=0',
  // After a crash, this bubble covers the page.
  '--hide-crash-restore-bubble',
  '--enable-features=ui-debug-tools,ui-debug-tools-enable-synthetic-events',
];

const LOOK_EVERY_MS = 50;
const PROMPT_TIMEOUT_MS = 15_000;

/**
 * A new prompt ignores clicks right after it has appeared, and clicks in fast succession: they may have been meant for the
 * page.
 */
const PRESS_EVERY_MS = 1000;

/** Waits for the permission prompt, presses the button with that text, and waits until the prompt is gone. */
export async function answerPrompt(userDataDir: string, text: RegExp): Promise<void> {
  const devtools = await UiDevTools.connect(userDataDir);
  const seen = new Set<string>();
  let pressedAt: number | undefined;
  try {
    for (const until = Date.now() + PROMPT_TIMEOUT_MS; Date.now() < until; await sleep(LOOK_EVERY_MS)) {
      const buttons = await devtools.promptButtons();
      const button = buttons.find(({ label }) => text.test(label));
      if (!button && pressedAt !== undefined) return;
      if (button && Date.now() - (pressedAt ?? 0) > PRESS_EVERY_MS) {
        await devtools.press(button.nodeId);
        pressedAt = Date.now();
      }
      for (const { label } of buttons) seen.add(label);
    }
  } finally {
    devtools.close();
  }
  throw new Error(`no prompt that ends with ${text}; buttons seen: ${[...seen].join(', ') || 'none'}`);
}

class UiDevTools {
  private lastId = 0;
  private readonly answers = new Map<number, (answer: Answer) => void>();

  private constructor(private readonly socket: WebSocket) {
    socket.onmessage = ({ data }) => {
      const answer = JSON.parse(String(data)) as Answer;
      if (answer.id !== undefined) this.answers.get(answer.id)?.(answer);
    };
  }

  static async connect(userDataDir: string): Promise<UiDevTools> {
    const port = Number((await readFile(join(userDataDir, 'UIDevToolsActivePort'), 'utf8')).trim());
    const socket = new WebSocket(`ws://127.0.0.1:${port}/0`);
    await new Promise((resolve, reject) => {
      socket.onopen = resolve;
      socket.onerror = reject;
    });
    return new UiDevTools(socket);
  }

  async send<T>(method: string, params: object = {}): Promise<T> {
    const id = ++this.lastId;
    const answered = new Promise<Answer>((resolve) => this.answers.set(id, resolve));
    this.socket.send(JSON.stringify({ id, method, params }));
    const { result, error } = await answered;
    if (error) throw new Error(`${method}: ${JSON.stringify(error)}`);
    return result as T;
  }

  /** The buttons of all dialogs that the browser shows now. */
  async promptButtons(): Promise<readonly { readonly nodeId: number; readonly label: string }[]> {
    const { root } = await this.send<{ root: UiNode }>('DOM.getDocument');
    const rows = withClass(root, 'DialogClientView::ButtonRowContainer');
    const buttons = rows.flatMap((row) => withClass(row, 'MdTextButton'));
    return Promise.all(buttons.map(async ({ nodeId }) => ({ nodeId, label: await this.textOf(nodeId) })));
  }

  async press(nodeId: number): Promise<void> {
    for (const type of ['mouseMoved', 'mousePressed', 'mouseReleased']) {
      const event = { type, x: 10, y: 10, button: 'left', wheelDirection: 'none' };
      await this.send('DOM.dispatchMouseEvent', { nodeId, event });
    }
  }

  close(): void {
    this.socket.close();
  }

  private async textOf(nodeId: number): Promise<string> {
    interface Styles {
      matchedCSSRules: { rule: { style: { cssProperties: { name: string; value: string }[] } } }[];
    }
    const { matchedCSSRules } = await this.send<Styles>('CSS.getMatchedStylesForNode', { nodeId });
    const properties = matchedCSSRules.flatMap(({ rule }) => rule.style.cssProperties);
    return properties.find(({ name }) => name === 'Text')?.value ?? '';
  }
}

function withClass(node: UiNode, name: string): readonly UiNode[] {
  const own = node.attributes?.includes(name) ? [node] : [];
  return [...own, ...(node.children ?? []).flatMap((child) => withClass(child, name))];
}
