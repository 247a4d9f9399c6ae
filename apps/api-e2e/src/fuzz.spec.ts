import { expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const FUZZ = fileURLToPath(new URL('./fuzz/fuzz.ts', import.meta.url));

it('wild input harms neither the gateway nor the uploads of another owner', async () => {
  const fuzz = spawn(process.execPath, [FUZZ, '3000'], { stdio: ['ignore', 'pipe', 'inherit'] });
  let report = '';
  fuzz.stdout.on('data', (text) => (report += text));
  const [code] = await once(fuzz, 'close');
  expect(report).toMatch(/^mismatches +0$/m);
  expect(report).not.toContain('FAILED');
  expect(report).toMatch(/^errors logged +0$/m);
  expect(code).toBe(0);
}, 180_000);
