import { rm } from 'node:fs/promises';

export default async function tearDown() {
  await rm(process.env.PACKAGES_E2E_FOLDER, { recursive: true, force: true });
}
