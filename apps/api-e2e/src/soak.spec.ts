import { expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const SOAK = fileURLToPath(new URL('./soak/soak.ts', import.meta.url));

/** A short soak. `npm run soak` runs longer, with larger files. */
const SHORT = ['0.2', '--cuts', '10', '--kills', '3', '--clients', '2', '--max-mib', '16'];

it('a short soak stores every file right and needs nobody', async () => {
  const soak = spawn(process.execPath, [SOAK, ...SHORT], { stdio: ['ignore', 'pipe', 'inherit'] });
  let report = '';
  soak.stdout.on('data', (text) => (report += text));
  const [code] = await once(soak, 'close');
  expect(report).toMatch(/^mismatches +0$/m);
  expect(report).toMatch(/^needed a person +0$/m);
  expect(code).toBe(0);
}, 180_000);
