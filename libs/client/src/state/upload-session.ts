/** The session that an upload goes on in. Pure: every function takes a session and returns the next one. */
export interface UploadSession {
  readonly sessionID: string;
  /** Whether no server can know the session yet. Such an upload certainly begins at offset 0. */
  readonly isNew: boolean;
  /** How often the upload has begun, in this session or in an earlier one. */
  readonly begins: number;
  /** Whether the upload is sent in chunks. It stays so, because a stream may not be able to return to its start. */
  readonly isChunked: boolean;
}

/** A session of our own making. */
export function newSession(sessionID: string): UploadSession {
  return { sessionID, isNew: true, begins: 0, isChunked: false };
}

/** A session that was named by the caller, so the server may know it. */
export function givenSession(sessionID: string): UploadSession {
  return { ...newSession(sessionID), isNew: false };
}

export function sessionBegun(session: UploadSession): UploadSession {
  return { ...session, isNew: false, begins: session.begins + 1 };
}

export function sentInChunks(session: UploadSession): UploadSession {
  return { ...session, isChunked: true };
}

/** The upload starts from zero, under a new session ID. */
export function sessionRestarted(session: UploadSession, sessionID: string): UploadSession {
  return { ...session, sessionID, isNew: true };
}
