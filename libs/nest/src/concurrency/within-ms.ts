/** What comes of a promise, or a TimeoutError where nothing does in time. */
export async function withinMs<T>(limitMs: number, awaited: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    late.reject(new DOMException(`no answer within ${limitMs / 1000} s`, 'TimeoutError'));
  }, limitMs);
  try {
    return await Promise.race([awaited, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
