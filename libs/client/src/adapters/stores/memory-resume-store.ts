import {
  RESUME_RECORD_MAX_AGE_MS,
  type ResumeProgress,
  type ResumeRecord,
  type ResumeStore,
} from '../../ports/resume-store.js';

/** Keeps records in memory as long as the page is open: if the browser has no storage, and in tests. */
export class MemoryResumeStore implements ResumeStore {
  private readonly records = new Map<string, ResumeRecord>();

  async put(record: ResumeRecord): Promise<void> {
    this.records.set(record.sessionID, record);
  }

  async update(sessionID: string, progress: ResumeProgress): Promise<void> {
    const record = this.records.get(sessionID);
    if (record) this.records.set(sessionID, { ...record, ...progress });
  }

  async list(): Promise<readonly ResumeRecord[]> {
    const oldest = Date.now() - RESUME_RECORD_MAX_AGE_MS;
    for (const { sessionID, updatedAt } of this.records.values()) {
      if (updatedAt < oldest) this.records.delete(sessionID);
    }
    return [...this.records.values()].sort((one, other) => other.updatedAt - one.updatedAt);
  }

  async remove(sessionID: string): Promise<void> {
    this.records.delete(sessionID);
  }
}
