import { UploadError } from '@upload-streams/protocol';
import type { LiveSession } from './live-session.js';
import type { SessionPeer } from './session-peer.js';

/** The sessions that are live in this process, and which connection holds which. */
export class SessionRegistry {
  private readonly sessions = new Map<string, LiveSession>();
  private readonly held = new Map<SessionPeer, Set<string>>();

  constructor(private readonly maxSessionsPerPeer: number) {}

  /** Counts a session for a connection before it is opened. Throws TOO_MANY_SESSIONS where it has too many. */
  reserve(peer: SessionPeer, sessionID: string): void {
    const ids = this.held.get(peer) ?? new Set();
    if (ids.size >= this.maxSessionsPerPeer && !ids.has(sessionID)) {
      throw new UploadError('TOO_MANY_SESSIONS', { maxSessions: this.maxSessionsPerPeer });
    }
    this.held.set(peer, ids.add(sessionID));
  }

  release(peer: SessionPeer, sessionID: string): void {
    const ids = this.held.get(peer);
    ids?.delete(sessionID);
    if (ids?.size === 0) this.held.delete(peer);
  }

  add(session: LiveSession): void {
    this.sessions.set(session.record.sessionID, session);
  }

  get(sessionID: string): LiveSession | undefined {
    return this.sessions.get(sessionID);
  }

  /** Whether this very session is the live one of its ID. */
  has(session: LiveSession): boolean {
    return this.sessions.get(session.record.sessionID) === session;
  }

  remove({ record, peer }: LiveSession): void {
    this.sessions.delete(record.sessionID);
    this.release(peer, record.sessionID);
  }

  get size(): number {
    return this.sessions.size;
  }

  all(): LiveSession[] {
    return [...this.sessions.values()];
  }

  heldBy(peer: SessionPeer): LiveSession[] {
    return [...(this.held.get(peer) ?? [])]
      .map((id) => this.sessions.get(id))
      .filter((session) => session !== undefined);
  }
}
