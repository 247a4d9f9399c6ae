import { createNodeUploadClient } from '@upload-streams/client/node';
import { freePort, ServiceProcess, sha256, sha256OfFile } from '@upload-streams/testing';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { npmEnvironment } from './npm-environment.mjs';
import type { FreshProject } from './fresh-project.js';
import type { NodeVersion } from './packed.js';

const TOKEN = 'a-secret-of-22-or-more-characters';

/** Starts a gateway of a fresh project, uploads to it, and ends it. Returns the SHA-256 of what was sent and stored. */
export async function uploadToHost(project: FreshProject, node: NodeVersion, entry: string, env = {}) {
  const port = await freePort();
  const cwd = project.path(`run-${node.version}`);
  await mkdir(cwd, { recursive: true });
  const host = await ServiceProcess.start(node.path, [project.path(entry)], port, {
    cwd,
    env: npmEnvironment({ PORT: String(port), ...env }),
  });
  const client = createNodeUploadClient({ url: `http://127.0.0.1:${port}`, token: TOKEN });
  try {
    const bytes = randomBytes(5_000_000);
    const file = await client.uploadToEnd(bytes, { fileName: 'report.bin', giveUpAfterMs: 20_000 });
    const path = `${cwd}/data/files/${file.fileId}/report.bin`;
    // Nothing is on this disk if the gateway keeps bytes elsewhere.
    const stored = existsSync(path) ? await sha256OfFile(path) : undefined;
    return { sent: sha256(bytes), reported: file.sha256, stored };
  } finally {
    client.close();
    await host.stop();
  }
}
