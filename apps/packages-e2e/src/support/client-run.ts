import { GatewayProcess, sha256 } from '@upload-streams/testing';
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { FreshProject } from './fresh-project.js';
import type { NodeVersion } from './packed.js';

const ENTRY = fileURLToPath(new URL('../../../api/dist/main.js', import.meta.url));

/** The gateway that programs of fresh projects upload to: the built API. */
export const startGateway = (env: Readonly<Record<string, string>> = {}): Promise<GatewayProcess> =>
  GatewayProcess.start({ entry: ENTRY, env });

/**
 * Runs a program of a fresh project with the path of a file of 5 MB as its last argument. Returns the SHA-256 of the file,
 * those of what the gateway has stored, and what the program printed.
 */
export async function uploadFromProject(project: FreshProject, node: NodeVersion, args: readonly string[]) {
  const gateway = await startGateway();
  try {
    const bytes = randomBytes(5_000_000);
    const path = project.path(`report-${node.version}.pdf`);
    await writeFile(path, bytes);
    const printed = await project.node(node, [...args, path], { GATEWAY_URL: gateway.url });
    return { sent: sha256(bytes), stored: Object.values(await gateway.storedFiles()), printed };
  } finally {
    await gateway.close();
  }
}
