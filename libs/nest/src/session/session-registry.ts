import { UploadError } from '@upload-streams/protocol';
import type { UploadSession } from './upload-session.js';
import type { UploadConnection } from './upload-connection.js';

/** The sessions that are live in this process, and which connection holds which. */
export class SessionRegistry {
  private readonly sessions = new Map<string, UploadSession>();
  private readonly held = new Map<UploadConnection, Set<string>>();

  constructor(private readonly maxSessionsPerPeer: number) {}

  /** Counts a session for a connection before it is opened. Throws TOO_MANY_SESSIONS where it has too many. */
  reserve(peer: UploadConnection, sessionID: string): void {
    const ids = this.held.get(peer) ?? new Set();
    if (ids.size >= this.maxSessionsPerPeer && !ids.has(sessionID)) {
      throw new UploadError('TOO_MANY_SESSIONS', { maxSessions: this.maxSessionsPerPeer });
    }
    this.held.set(peer, ids.add(sessionID));
  }

  release(peer: UploadConnection, sessionID: string): void {
    const ids = this.held.get(peer);
    ids?.delete(sessionID);
    if (ids?.size === 0) this.held.delete(peer);
  }

  add(session: UploadSession): void {
    this.sessions.set(session.record.sessionID, session);
  }

  get(sessionID: string): UploadSession | undefined {
    return this.sessions.get(sessionID);
  }

  /** Whether this very session is the live one of its ID. */
  has(session: UploadSession): boolean {
    return this.sessions.get(session.record.sessionID) === session;
  }

  remove({ record, peer }: UploadSession): void {
    this.sessions.delete(record.sessionID);
    this.release(peer, record.sessionID);
  }

  get size(): number {
    return this.sessions.size;
  }

  all(): UploadSession[] {
    return [...this.sessions.values()];
  }

  heldBy(peer: UploadConnection): UploadSession[] {
    return [...(this.held.get(peer) ?? [])]
      .map((id) => this.sessions.get(id))
      .filter((session) => session !== undefined);
  }
}
