import { MAX_PACKET_TEXT_LENGTH } from '@upload-streams/protocol';
import { Decoder, Encoder } from 'socket.io-parser';

/** The event that replaces one whose text is too long to be read. */
export const TOO_LARGE = 'message_too_large';

/** A CONNECT packet carries a credential: 16 KiB, the usual limit of HTTP servers for headers. */
const MAX_CONNECT_LENGTH = 16 * 1024;

/** The limit for the attachments of a packet that has several, since the first ones stay in memory until the last. */
const MAX_SEVERAL_BYTES = 256 * 1024;

/** The start of an event that asks for an ack: type, number of attachments, namespace, ID. */
const ASKING = /^(?:2|5(?:[1-9]|10)-)(?:\/[^,"]{0,100},)?\d{1,15}(?=\[)/;
const CONNECT = '0';
const ATTACHMENTS = /^[56](\d+)-/;
const HEAD_LENGTH = 150;

/** Socket.IO's decoder, with limits: longer texts are not parsed, and larger attachments are not kept. */
class BoundedDecoder extends Decoder {
  private several = false;
  private attachedBytes = 0;

  override add(data: unknown): void {
    if (typeof data !== 'string') return this.addAttachment(data as Uint8Array);
    this.attachedBytes = 0;
    this.several = Number(ATTACHMENTS.exec(data.slice(0, HEAD_LENGTH))?.[1] ?? 0) > 1;
    super.add(isTooLong(data) ? withoutContent(data) : data);
  }

  /** A single attachment completes its packet, so its size is limited by that of a message. */
  private addAttachment(bytes: Uint8Array): void {
    this.attachedBytes += bytes.length;
    if (this.several && this.attachedBytes > MAX_SEVERAL_BYTES) throw new Error('too many bytes in attachments');
    super.add(bytes);
  }
}

const isTooLong = ({ length, [0]: type }: string): boolean =>
  length > (type === CONNECT ? MAX_CONNECT_LENGTH : MAX_PACKET_TEXT_LENGTH);

/** Returns an event that can be refused. Throws, which ends the connection, if the client did not ask for an ack. */
function withoutContent(text: string): string {
  const head = ASKING.exec(text.slice(0, HEAD_LENGTH))?.[0];
  if (head === undefined) throw new Error('a packet is too long');
  return `${head}["${TOO_LARGE}"]`;
}

/** For the option `parser` of Socket.IO. */
export const boundedParser = { Encoder, Decoder: BoundedDecoder };
