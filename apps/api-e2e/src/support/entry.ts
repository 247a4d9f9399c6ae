import { fileURLToPath } from 'node:url';

/** The built API. */
export const ENTRY = fileURLToPath(new URL('../../../api/dist/main.js', import.meta.url));
