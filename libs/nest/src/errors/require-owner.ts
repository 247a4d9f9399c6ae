/** As long as the stores take them. */
const MAX_OWNER_LENGTH = 255;

/**
 * Checks what an authenticator has returned. Throws a TypeError for what is no owner: the missing `sub` of a token, for
 * example, or a numeric user ID, which would never equal the text that a store returns.
 */
export function requireOwner(owner: unknown): string | null {
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
