import { MAX_PACKET_TEXT_LENGTH } from '@upload-streams/protocol';
import { Decoder, Encoder } from 'socket.io-parser';

/** The event that stands for one whose text was too long to be read. */
export const TOO_LARGE = 'message_too_large';

/** A CONNECT packet carries a credential: 16 KiB, what HTTP servers allow in headers. */
const MAX_CONNECT_LENGTH = 16 * 1024;

/** Attachments of one packet, where there are several, hold so much together: what the first ones hold waits for the last. */
const MAX_SEVERAL_BYTES = 256 * 1024;

/** The head of an event that asks for an answer: its type, its attachments, its namespace, its ID. */
const ASKING = /^(?:2|5(?:[1-9]|10)-)(?:\/[^,"]{0,100},)?\d{1,15}(?=\[)/;
const CONNECT = '0';
const ATTACHMENTS = /^[56](\d+)-/;
const HEAD_LENGTH = 150;

/** Socket.IO's decoder, but that it parses no text, and keeps no attachments, of more than a packet may have. */
class BoundedDecoder extends Decoder {
  private several = false;
  private attachedBytes = 0;

  override add(data: unknown): void {
    if (typeof data !== 'string') return this.addAttachment(data as Uint8Array);
    this.attachedBytes = 0;
    this.several = Number(ATTACHMENTS.exec(data.slice(0, HEAD_LENGTH))?.[1] ?? 0) > 1;
    super.add(isTooLong(data) ? unread(data) : data);
  }

  /** A packet with one attachment is whole when that has come. */
  private addAttachment(bytes: Uint8Array): void {
    this.attachedBytes += bytes.length;
    if (this.several && this.attachedBytes > MAX_SEVERAL_BYTES) throw new Error('too many bytes in attachments');
    super.add(bytes);
  }
}

const isTooLong = ({ length, [0]: type }: string): boolean =>
  length > (type === CONNECT ? MAX_CONNECT_LENGTH : MAX_PACKET_TEXT_LENGTH);

/** What is left can be answered; where no answer is asked for, the throw ends the connection. */
function unread(text: string): string {
  const head = ASKING.exec(text.slice(0, HEAD_LENGTH))?.[0];
  if (head === undefined) throw new Error('a packet is too long');
  return `${head}["${TOO_LARGE}"]`;
}

/** For the option `parser` of Socket.IO. */
export const boundedParser = { Encoder, Decoder: BoundedDecoder };
