import type { UploadEvent } from './upload-event.js';
import type { UploadFacts, UploadState } from './upload-state.js';

/** The state, and the last point at which its rate was measured. */
export interface MeasuredUpload {
  readonly state: UploadState;
  readonly measured: { readonly at: number; readonly uploaded: number } | undefined;
}

/** A rate is measured over at least this time. Shorter times say more about timers than about the link. */
const MEASURE_EVERY_MS = 250;

/** The weight of a new measurement falls to 1 - 1/e of the rate after this long. */
const RATE_MEMORY_MS = 2000;

export function initialUpload(sessionID: string, fileName: string): MeasuredUpload {
  const facts = {
    sessionID,
    fileName,
    size: undefined,
    uploaded: 0,
    bytesPerSecond: undefined,
    secondsLeft: undefined,
  };
  return { state: { ...facts, status: 'queued' }, measured: undefined };
}

/** Returns the state after an event. Pure: the time comes with the event. */
export function reduceUpload(upload: MeasuredUpload, event: UploadEvent): MeasuredUpload {
  const facts = factsOf(upload.state);
  switch (event.type) {
    case 'opened':
      return { ...upload, state: { ...upload.state, fileName: event.facts.fileName, size: event.facts.size } };
    case 'working':
      return upload;
    case 'queued':
      if (upload.state.status === 'queued' && upload.state.sessionID === event.sessionID) return upload;
      return idle({ ...facts, sessionID: event.sessionID }, { status: 'queued' });
    case 'restarted':
      return idle({ ...facts, sessionID: event.sessionID, uploaded: 0 }, { status: 'connecting' });
    case 'begun':
      return {
        state: { ...still(facts), uploaded: event.offset, status: 'uploading' },
        measured: { at: event.at, uploaded: event.offset },
      };
    case 'acked':
      return measure(upload, facts, event);
    case 'waiting':
      return idle(facts, { status: 'waiting', reason: event.reason, retryInMs: event.retryInMs });
    case 'completed':
      return idle(
        { ...facts, uploaded: event.file.size, size: event.file.size },
        { status: 'completed', file: event.file },
      );
    case 'failed':
      return idle(facts, { status: 'failed', error: event.error });
    default:
      return idle(facts, { status: event.type });
  }
}

/** The facts without what belongs to one status, so that a reason does not outlive its wait. */
function factsOf({ sessionID, fileName, size, uploaded, bytesPerSecond, secondsLeft }: UploadFacts): UploadFacts {
  return { sessionID, fileName, size, uploaded, bytesPerSecond, secondsLeft };
}

const still = (facts: UploadFacts): UploadFacts => ({ ...facts, bytesPerSecond: undefined, secondsLeft: undefined });

type StatusPart = UploadState extends infer State
  ? State extends UploadState
    ? Omit<State, keyof UploadFacts>
    : never
  : never;

/** A state in which no bytes move. It has no rate. */
function idle(facts: UploadFacts, status: StatusPart): MeasuredUpload {
  return { state: { ...still(facts), ...status } as UploadState, measured: undefined };
}

function measure(upload: MeasuredUpload, facts: UploadFacts, event: { offset: number; at: number }): MeasuredUpload {
  const since = upload.measured ?? { at: event.at, uploaded: facts.uploaded };
  const elapsedMs = event.at - since.at;
  const due = elapsedMs >= MEASURE_EVERY_MS;
  const bytesPerSecond = due
    ? smooth(facts.bytesPerSecond, ((event.offset - since.uploaded) / elapsedMs) * 1000, elapsedMs)
    : facts.bytesPerSecond;
  const left = facts.size === undefined ? undefined : facts.size - event.offset;
  const secondsLeft = left !== undefined && bytesPerSecond ? left / bytesPerSecond : undefined;
  return {
    state: { ...facts, uploaded: event.offset, bytesPerSecond, secondsLeft, status: 'uploading' },
    measured: due ? { at: event.at, uploaded: event.offset } : since,
  };
}

/** An exponentially weighted mean. Its weights depend on the time, not on the number of acks. */
function smooth(previous: number | undefined, current: number, elapsedMs: number): number {
  if (previous === undefined) return current;
  const weight = 1 - Math.exp(-elapsedMs / RATE_MEMORY_MS);
  return previous + weight * (current - previous);
}
