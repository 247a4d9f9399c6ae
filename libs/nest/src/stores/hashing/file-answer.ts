import type { MessagePort } from 'node:worker_threads';

/** What a thread answers to the request with this ID. */
export type FileAnswer<Result> = { readonly id: number } & (
  { readonly result: Result } | { readonly code?: string | undefined; readonly message: string }
);

/** What a thread answers where the work failed. */
export function failed(id: number, error: unknown): FileAnswer<never> {
  const { code, message } = error as NodeJS.ErrnoException;
  return { id, code, message };
}

/** Requests or answers of one turn of the event loop. */
interface Batch<Item> {
  readonly uploadStreams: true;
  readonly items: readonly Item[];
}

/** A message between a thread and its owner. */
export const batchOf = <Item>(items: readonly Item[]): Batch<Item> => ({ uploadStreams: true, items });

/**
 * What a message of ours carries; nothing for any other message. Node and its tools use the same channel: under
 * `node --watch`, each thread posts what it imports to its owner.
 */
export function itemsOf<Item>(message: unknown): readonly Item[] {
  const { uploadStreams, items } = Object(message) as Partial<Batch<Item>>;
  return uploadStreams === true && Array.isArray(items) ? items : [];
}

/** For a thread: takes the requests of its owner, and ignores all other messages. */
export function onRequests<Request>(port: MessagePort | null, take: (requests: readonly Request[]) => void): void {
  port?.on('message', (message: unknown) => {
    const requests = itemsOf<Request>(message);
    if (requests.length > 0) take(requests);
  });
}
