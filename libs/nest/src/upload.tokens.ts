/** What an application may replace, by a provider of the same token (see `UploadModule`). */

/** The resolved options: `ResolvedUploadOptions`. */
export const UPLOAD_OPTIONS = Symbol('UPLOAD_OPTIONS');

/** Who is behind a connection or a request: `Authenticator`. */
export const UPLOAD_AUTHENTICATOR = Symbol('UPLOAD_AUTHENTICATOR');

/** What may be uploaded: `UploadPolicy`. */
export const UPLOAD_POLICY = Symbol('UPLOAD_POLICY');

/** Where the bytes go: `StorageBackend`. */
export const UPLOAD_STORAGE_BACKEND = Symbol('UPLOAD_STORAGE_BACKEND');

/** What outlives the process: `SessionStore`. */
export const UPLOAD_SESSION_STORE = Symbol('UPLOAD_SESSION_STORE');

/** How a session goes from one node to another: `SessionHandover`. */
export const UPLOAD_SESSION_HANDOVER = Symbol('UPLOAD_SESSION_HANDOVER');
