import { existsSync } from 'node:fs';

/** Common paths of Chromium. If none exists, Playwright uses the browser that it has downloaded. */
const KNOWN_PATHS = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/snap/bin/chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

/** How Playwright starts a browser. */
export interface BrowserLaunch {
  readonly executablePath?: string;
  readonly args: string[];
}

/** The browser at `CHROMIUM_PATH`, or else an installed one, without background traffic. */
export function browserLaunch(): BrowserLaunch {
  const executablePath = process.env['CHROMIUM_PATH'] ?? KNOWN_PATHS.find((path) => existsSync(path));
  // Chromium's sandbox refuses to run as root, as containers do.
  const sandbox = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  const quiet = [
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    '--no-first-run',
    '--disable-quic',
  ];
  return { ...(executablePath && { executablePath }), args: [...sandbox, ...quiet] };
}
