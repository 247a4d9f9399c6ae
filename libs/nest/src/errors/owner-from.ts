import type { Authenticator, Credentials } from '../contracts/authenticator.js';

/** As long as the stores take them. */
const MAX_OWNER_LENGTH = 255;

/**
 * Asks the authenticator who owns a connection or a request. Rejects with what it throws, or with a TypeError if it returns
 * something that is no owner: a token without a `sub`, for example, or a numeric user ID, which would never equal the text
 * that a store returns.
 */
export async function ownerFrom(authenticator: Authenticator, credentials: Credentials): Promise<string | null> {
  const owner: unknown = await authenticator.authenticate(credentials);
  if (isOwner(owner)) return owner;
  throw new TypeError(
    `The authenticator returned ${kindOf(owner)}. It must return the owner, a string of 1 to ${MAX_OWNER_LENGTH} ` +
      'characters, or null for a client without a credential; to refuse a credential, it must throw',
  );
}

const isOwner = (owner: unknown): owner is string | null =>
  owner === null || (typeof owner === 'string' && owner.length > 0 && owner.length <= MAX_OWNER_LENGTH);

/** Never the value, which may identify a person. */
function kindOf(value: unknown): string {
  if (typeof value === 'string') return `a string of ${value.length} characters`;
  return value === undefined ? 'undefined' : `something of type ${typeof value}`;
}
