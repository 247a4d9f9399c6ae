import type { Headers } from '../http/http-answer.js';

/** The errors that only tus has. All others are those of the error table. */
const PROBLEMS = {
  VERSION: { status: 412, message: 'Tus-Resumable must be 1.0.0' },
  CONTENT_TYPE: { status: 415, message: 'The Content-Type of a body must be application/offset+octet-stream' },
  HEADER: { status: 400, message: 'A header of the request is missing or not valid' },
  CONCATENATION: { status: 400, message: 'The extension concatenation is not supported' },
  ALGORITHM: { status: 400, message: 'The checksum algorithm is not supported' },
  CHECKSUM: { status: 460, message: 'The body does not match its Upload-Checksum; nothing of it was kept' },
  CHECKSUMMED_TOO_LARGE: { status: 413, message: 'A body with Upload-Checksum is too large; send smaller ones' },
  BUSY: { status: 503, message: 'Too many bodies with Upload-Checksum are in flight; try again later' },
  OFFSET: { status: 409, message: 'Upload-Offset is not the offset of the upload' },
  LENGTH_KNOWN: { status: 400, message: 'Upload-Length differs from the length of the upload' },
  BEYOND_LENGTH: { status: 413, message: 'The body goes beyond Upload-Length' },
  IDLE: { status: 408, message: 'The client sent nothing for too long; what arrived was kept' },
  INTERRUPTED: { status: 400, message: 'The body ended early; what arrived was kept' },
  UNFINISHED: { status: 404, message: 'The upload is not complete' },
  METHOD: { status: 405, message: 'This method is not allowed here' },
} as const satisfies Record<string, { readonly status: number; readonly message: string }>;

export type TusProblemCode = keyof typeof PROBLEMS;

/** A refusal that only tus has, with its status. */
export class TusProblem extends Error {
  override readonly name = 'TusProblem';
  readonly status: number;

  constructor(
    readonly code: TusProblemCode,
    /** The name of the header that is wrong, or headers of the answer. */
    readonly facts: { readonly header?: string; readonly answer?: Headers } = {},
  ) {
    const { status, message } = PROBLEMS[code];
    super(facts.header === undefined ? message : `${message}: ${facts.header}`);
    this.status = status;
  }
}
