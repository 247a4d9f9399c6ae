import type { UploadError } from '@upload-streams/protocol';
import type { UploadedFile, UploadedFilesPage } from './uploaded-file';

/** What the page knows about the files on the server. */
export interface UploadedFilesState {
  readonly files: readonly UploadedFile[];
  readonly nextCursor: string | undefined;
  /** Whether a page is being loaded. */
  readonly loading: boolean;
  /** Whether a page was ever loaded: an empty list is not the same as an unknown one. */
  readonly loaded: boolean;
  /** Why the last load failed. */
  readonly error: UploadError | undefined;
  /** IDs of the files that are being deleted. */
  readonly deleting: ReadonlySet<string>;
  /** Why files could not be deleted, by file ID. */
  readonly deleteErrors: ReadonlyMap<string, UploadError>;
}

export type UploadedFilesEvent =
  | { readonly type: 'loading' }
  | { readonly type: 'first page' | 'next page'; readonly page: UploadedFilesPage }
  | { readonly type: 'load failed'; readonly error: UploadError }
  | { readonly type: 'deleting' | 'deleted'; readonly fileId: string }
  | { readonly type: 'delete failed'; readonly fileId: string; readonly error: UploadError };

export const NO_FILES: UploadedFilesState = {
  files: [],
  nextCursor: undefined,
  loading: false,
  loaded: false,
  error: undefined,
  deleting: new Set(),
  deleteErrors: new Map(),
};

/** Returns the state after an event. */
export function reduceFiles(state: UploadedFilesState, event: UploadedFilesEvent): UploadedFilesState {
  switch (event.type) {
    case 'loading':
      return { ...state, loading: true };
    case 'first page':
      return { ...state, files: event.page.files, nextCursor: event.page.nextCursor, ...ARRIVED };
    case 'next page':
      return {
        ...state,
        files: [...state.files, ...unknown(state, event.page)],
        nextCursor: event.page.nextCursor,
        ...ARRIVED,
      };
    case 'load failed':
      return { ...state, loading: false, error: event.error };
    case 'deleting':
      return { ...settled(state, event.fileId), deleting: new Set([...state.deleting, event.fileId]) };
    case 'deleted':
      return { ...settled(state, event.fileId), files: state.files.filter(({ fileId }) => fileId !== event.fileId) };
    case 'delete failed': {
      const deleteErrors = new Map([...state.deleteErrors, [event.fileId, event.error]]);
      return { ...settled(state, event.fileId), deleteErrors };
    }
  }
}

const ARRIVED = { loading: false, loaded: true, error: undefined };

/** Without files that are on the list already: they moved to this page when others were added at the front. */
function unknown(state: UploadedFilesState, page: UploadedFilesPage): readonly UploadedFile[] {
  const known = new Set(state.files.map(({ fileId }) => fileId));
  return page.files.filter(({ fileId }) => !known.has(fileId));
}

/** Without the error of an earlier attempt to delete a file. */
function settled(state: UploadedFilesState, fileId: string): UploadedFilesState {
  return {
    ...state,
    deleting: new Set([...state.deleting].filter((id) => id !== fileId)),
    deleteErrors: new Map([...state.deleteErrors].filter(([id]) => id !== fileId)),
  };
}
