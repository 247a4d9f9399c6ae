/** What a thread answers to the request with this ID. */
export type FileAnswer<Result> = { readonly id: number } & (
  { readonly result: Result } | { readonly code?: string | undefined; readonly message: string }
);

/** What a thread answers when work failed. */
export function failed(id: number, error: unknown): FileAnswer<never> {
  const { code, message } = error as NodeJS.ErrnoException;
  return { id, code, message };
}
