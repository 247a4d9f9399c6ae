/** `busy`: the node is yielding the session. `done`: it has. */
export type Answer = 'busy' | 'done';

export interface Request {
  readonly what: 'request';
  readonly id: string;
  readonly sessionID: string;
  /** The node that asks, to which the answers go. */
  readonly from: string;
}

/** What nodes send to each other. */
export type Message = Request | { readonly what: Answer; readonly id: string };

/** Undefined where the text is not a message of ours: everybody who reaches Redis may publish. */
export function messageOf(text: string): Message | undefined {
  const { what, id, sessionID, from } = objectOf(text);
  if (typeof id !== 'string') return undefined;
  if (what === 'busy' || what === 'done') return { what, id };
  if (what !== 'request' || typeof sessionID !== 'string' || typeof from !== 'string') return undefined;
  return { what, id, sessionID, from };
}

function objectOf(text: string): Readonly<Record<string, unknown>> {
  try {
    return Object(JSON.parse(text)) as Record<string, unknown>;
  } catch {
    return {};
  }
}
