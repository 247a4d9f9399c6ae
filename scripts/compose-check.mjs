// Tests what `docker compose up --build -d` has started: uploads through the port of the page and that of the gateway,
// restarts the containers and verifies the stored files. Run `npm run build` first.
import { spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { createNodeUploadClient } from '../libs/client/dist/node.js';

const ports = { page: process.env.WEB_PORT || 3000, gateway: process.env.API_PORT || 3001 };
const token = randomBytes(32).toString('base64url');
const content = randomBytes(64 * 1024 * 1024);
const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');
const urlOf = (port) => `http://localhost:${port}`;

async function upload(through, port) {
  const client = createNodeUploadClient({ url: urlOf(port), token });
  const started = performance.now();
  const file = await client.uploadToEnd(content, { fileName: `${through}.bin` });
  client.close();
  console.log(`uploaded 64 MiB through ${through} (${port}) in ${Math.round(performance.now() - started)} ms`);
  return file;
}

async function verify(file, port) {
  const response = await fetch(urlOf(port) + file.url, { headers: { Authorization: `Bearer ${token}` } });
  const stored = sha256(Buffer.from(await response.arrayBuffer()));
  if (stored !== sha256(content) || file.sha256 !== stored)
    throw new Error(`${file.fileName} differs from what was sent`);
  console.log(`${file.fileName} found through ${port}, SHA-256 ${stored.slice(0, 16)}… matches`);
}

/** Waits until the gateway answers through the port of the page. Throws after a minute. */
async function ready() {
  const end = Date.now() + 60_000;
  for (;;) {
    const response = await fetch(`${urlOf(ports.page)}/health/ready`).catch(() => undefined);
    if (response?.ok) return;
    if (Date.now() > end) throw new Error('the containers were not ready within a minute');
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

await ready();
const files = [await upload('page', ports.page), await upload('gateway', ports.gateway)];
for (const file of files) await verify(file, ports.page);

console.log('restarting the containers');
if (spawnSync('docker', ['compose', 'restart'], { stdio: 'inherit' }).status !== 0) throw new Error('restart failed');
await ready();
for (const file of files) await verify(file, ports.gateway);
console.log('all files are intact');
