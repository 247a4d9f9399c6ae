/** A file as the API lists it. */
export interface ListedFile {
  readonly fileId: string;
  readonly fileName: string;
  readonly size: number;
  readonly url: string;
  readonly createdAt: string;
}

/** The HTTP API as the owner with this token sees it, or as a stranger without a token. */
export class HttpClient {
  constructor(
    private readonly url: string,
    private readonly token?: string,
  ) {}

  get(path: string, headers: Record<string, string> = {}): Promise<Response> {
    return this.fetch('GET', path, headers);
  }

  delete(path: string): Promise<Response> {
    return this.fetch('DELETE', path, {});
  }

  async list(query = ''): Promise<{ files: ListedFile[]; nextCursor?: string }> {
    return (await this.get(`/api/files${query}`)).json() as Promise<{ files: ListedFile[]; nextCursor?: string }>;
  }

  private fetch(method: string, path: string, headers: Record<string, string>): Promise<Response> {
    const authorization: Record<string, string> = this.token ? { Authorization: `Bearer ${this.token}` } : {};
    return fetch(this.url + path, { method, headers: { ...authorization, ...headers } });
  }
}
