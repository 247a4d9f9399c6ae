import { DOCUMENT, inject, Injectable } from '@angular/core';
import type { UploadState } from '@upload-streams/client';
import { defer, finalize, tap, type MonoTypeOperatorFunction } from 'rxjs';

const KEY = 'upload_sessions';

/** Sessions of a gateway expire; older notes are of no use. */
const MAX_AGE_MS = 7 * 24 * 60 * 60 * 1000;

/** Keeps the notes within what a browser's storage surely takes. */
const MAX_NOTES = 200;

/** [key of the file, session ID, when it was noted in ms] */
type Note = readonly [string, string, number];

/**
 * Unfinished uploads by file, kept over a reload of the page: who chooses the same file again goes on where it stopped.
 * Name, size and date only find the session; whether its bytes are those of the file is checked when it is resumed.
 */
@Injectable({ providedIn: 'root' })
export class UploadMemory {
  private readonly storage = storageOf(inject(DOCUMENT));
  /** One session is for one upload: the same file chosen twice must not share it. */
  private readonly inUse = new Set<string>();

  /** The session of an unfinished upload of this file that no upload of this page has. */
  recall(file: File): string | undefined {
    const session = this.read().find(([key, sessionID]) => key === keyOf(file) && !this.inUse.has(sessionID))?.[1];
    if (session) this.inUse.add(session);
    return session;
  }

  /** Follows an upload of this file. */
  follow(file: File): MonoTypeOperatorFunction<UploadState> {
    return (states$) =>
      defer(() => {
        let sessionID = '';
        return states$.pipe(
          tap((state) => {
            sessionID = state.sessionID;
            this.note(file, state);
          }),
          finalize(() => this.inUse.delete(sessionID)),
        );
      });
  }

  /** Notes a session once the server has some of the file, and forgets it when there is nothing to go on with. */
  private note(file: File, { sessionID, status, uploaded }: UploadState): void {
    const over = status === 'completed' || status === 'cancelled';
    if (over && this.inUse.delete(sessionID)) this.write(without(this.read(), sessionID));
    if (over || uploaded === 0 || this.inUse.has(sessionID)) return;
    this.inUse.add(sessionID);
    this.write([[keyOf(file), sessionID, Date.now()], ...without(this.read(), sessionID)]);
  }

  /** Read and written each time, since other tabs write too. */
  private read(): readonly Note[] {
    try {
      const stored: unknown = JSON.parse(this.storage?.getItem(KEY) ?? '[]');
      const oldest = Date.now() - MAX_AGE_MS;
      return Array.isArray(stored) ? stored.filter(isNote).filter(([, , at]) => at > oldest) : [];
    } catch {
      return [];
    }
  }

  private write(notes: readonly Note[]): void {
    try {
      this.storage?.setItem(KEY, JSON.stringify(notes.slice(0, MAX_NOTES)));
    } catch {
      // Storage is full or forbidden: uploads still resume as long as the page is open.
    }
  }
}

function storageOf(document: Document): Storage | undefined {
  try {
    return document.defaultView?.localStorage;
  } catch {
    return undefined;
  }
}

const keyOf = ({ name, size, lastModified }: File): string => `${name}/${size}/${lastModified}`;

const without = (notes: readonly Note[], sessionID: string): readonly Note[] =>
  notes.filter(([, noted]) => noted !== sessionID);

function isNote(value: unknown): value is Note {
  return (
    Array.isArray(value) && typeof value[0] === 'string' && typeof value[1] === 'string' && typeof value[2] === 'number'
  );
}
