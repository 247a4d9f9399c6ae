// npm run docs: generates docs/errors.md and docs/asyncapi.yaml from libs/protocol, which must be built.
// With --check, it writes nothing and fails if one of them is out of date.
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { stringify } from 'yaml';
import * as protocol from '../libs/protocol/dist/index.js';
import { markdownTable } from './markdown-table.mjs';

const { z } = createRequire(new URL('../libs/protocol/package.json', import.meta.url))('zod');
const { ERROR_CODES, ERRORS, MAX_MESSAGE_BYTES, SESSION_ID_PATTERN } = protocol;

// ---------------------------------------------------------------- docs/errors.md

const RECOVERIES = {
  retry: 'Wait, longer each time, then begin the session again and continue from the offset in the answer.',
  resync: 'Begin the session again and continue from the offset in the answer.',
  restart: 'Upload from zero under a new session ID.',
  fatal: 'Stop and tell the user.',
};

/** For codes that require something other than, or more than, their recovery says. */
const CLIENT_DOES = {
  SESSION_NOT_FOUND: `${RECOVERIES.resync} After \`cancel_upload\`, nothing is left to do.`,
  STORAGE_FULL: `${RECOVERIES.retry} Tell the user the reason.`,
  SESSION_TAKEN_OVER:
    'Stop on this connection. Do not begin the session again, or the two connections take it from each other repeatedly.',
  CHECKSUM_MISMATCH: 'Send the chunk again. A client with more chunks in flight begins the session again.',
  WINDOW_EXCEEDED: 'Reconnect, begin the session again, and never send beyond `offset + window`.',
  UPLOAD_ALREADY_COMPLETE: 'Begin the session again: the answer contains the file in `completed`.',
  ORIGIN_NOT_ALLOWED:
    'Stop. The handshake is refused before there is a connection, so this error is sent only as an HTTP response: see above.',
  OFFLINE:
    'Wait until there is a network connection, then begin the session again and continue from the offset in the answer.',
  SOURCE_NOT_REREADABLE: 'Stop and tell the caller, who must open the stream again.',
};

const formsTable = markdownTable([
  ['Where', 'Form'],
  ['the ack of an event', '`{ ok: false, error }`'],
  ['`upload_error_{ID}`', 'two arguments: the message as a string, then `error`'],
  ['the HTTP API', 'the body `{ error }`, with the HTTP status of the code'],
  ['a refused connection', '`connect_error` of the Socket.IO client; `data` of its argument is `error`'],
]);

const example = { ok: false, error: new protocol.UploadError('OFFSET_MISMATCH', { offset: 1048576 }).toBody() };

const recoveriesTable = markdownTable([
  ['Recovery', 'What a client does'],
  ...Object.entries(RECOVERIES).map(([recovery, sentence]) => [`\`${recovery}\``, sentence]),
]);

const overviewTable = markdownTable([
  ['Code', 'HTTP status', 'Recovery'],
  ...ERROR_CODES.map((code) => [
    `[\`${code}\`](#${code.toLowerCase()})`,
    statusOf(code),
    `\`${ERRORS[code].recovery}\``,
  ]),
]);

const errorsDocument = `<!-- Written by scripts/generate-docs.mjs from libs/protocol/src/errors.ts. Change that, then run: npm run docs -->

# Errors

Every error of the protocol, the HTTP API and the clients has one of the codes below. This is an error in an ack:

\`\`\`json
${JSON.stringify(example, null, 2)}
\`\`\`

${formsTable}

\`code\` and \`recovery\` are for programs. \`message\` is for people and may change. \`details\` has facts such as sizes and
offsets, if there are any. An error never contains a value that the client sent. Clients treat a code that they do not know
as \`INTERNAL\`.

\`ORIGIN_NOT_ALLOWED\` is different, because the server refuses the handshake. With long polling, the response is HTTP 403
with the message in the body; with a WebSocket, it is HTTP 400. The Socket.IO client reports a \`connect_error\` without
\`data\`.

## Recovery

Clients act on \`recovery\`, never on the message.

${recoveriesTable}

## All codes

${overviewTable}

${ERROR_CODES.map(errorSection).join('\n\n')}
`;

function errorSection(code) {
  const { recovery, when } = ERRORS[code];
  const { message, details } = sampleMessage(code);
  const facts = [
    `Message: \`${message}\``,
    ...(details.length > 0 ? [`Details: ${details.map((name) => `\`${name}\``).join(', ')}`] : []),
    `HTTP status: ${statusOf(code)}`,
    `Recovery: \`${recovery}\``,
    `What a client does: ${CLIENT_DOES[code] ?? RECOVERIES[recovery]}`,
  ];
  return [`### \`${code}\``, when, facts.map((fact) => `- ${fact}`).join('\n')].join('\n\n');
}

/** The message with `{name}` in place of each detail, and the names of the details. */
function sampleMessage(code) {
  const names = new Set();
  const details = new Proxy({}, { get: (_, name) => (names.add(name), `{${name}}`) });
  return { message: ERRORS[code].message(details), details: [...names] };
}

function statusOf(code) {
  return ERRORS[code].status === 0 ? 'clients only' : String(ERRORS[code].status);
}

// ---------------------------------------------------------------- docs/asyncapi.yaml

/**
 * The schema of a payload on the wire. `input` means before transforms, and permits additional fields of later versions.
 * AsyncAPI is based on draft 7.
 */
function jsonSchema(schema) {
  const json = z.toJSONSchema(schema, {
    io: 'input',
    target: 'draft-7',
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema: target }) => {
      if (zodSchema._zod.def.type === 'custom') Object.assign(target, { type: 'string', format: 'binary' });
    },
  });
  delete json.$schema;
  return json;
}

const schemaRef = (name) => ({ $ref: `#/components/schemas/${name}` });
const ACCEPTED = { type: 'object', properties: { ok: { const: true } }, required: ['ok'] };
const accepted = (schema) => ({ allOf: [ACCEPTED, schema] });

const begun = jsonSchema(protocol.begunUploadSchema);
begun.properties.completed = schemaRef('CompletedUpload');

const schemas = {
  BeginUpload: {
    ...jsonSchema(protocol.beginUploadSchema),
    description: 'chunk and crc32 must be sent together; last requires chunk and fileCrc32.',
  },
  UploadChunk: { ...jsonSchema(protocol.uploadChunkSchema), description: 'last: true requires fileCrc32.' },
  CancelUpload: jsonSchema(protocol.cancelUploadSchema),
  OriginalBegin: {
    description: 'The original workflow: no protocol field.',
    oneOf: [{ type: 'string', pattern: SESSION_ID_PATTERN.source }, jsonSchema(protocol.originalBeginSchema)],
  },
  OriginalChunk: {
    ...jsonSchema(protocol.originalChunkSchema),
    description: 'The original workflow: no offset and no crc32.',
  },
  BegunUpload: begun,
  ChunkWritten: jsonSchema(protocol.chunkWrittenSchema),
  CompletedUpload: jsonSchema(protocol.completedUploadSchema),
  UploadInProgress: jsonSchema(protocol.uploadInProgressSchema),
  ServerDraining: jsonSchema(protocol.serverDrainingSchema),
  Error: {
    description: 'docs/errors.md has a section for each code.',
    type: 'object',
    properties: {
      code: { type: 'string', enum: ERROR_CODES },
      message: { type: 'string' },
      recovery: { type: 'string', enum: Object.keys(RECOVERIES) },
      details: { type: 'object' },
    },
    required: ['code', 'message', 'recovery'],
  },
  Refusal: {
    type: 'object',
    properties: { ok: { const: false }, error: schemaRef('Error') },
    required: ['ok', 'error'],
  },
};

const refused = { summary: 'The ack of a refused event: the error.', payload: schemaRef('Refusal') };
const originalAccepted = { summary: 'The ack of the original workflow.', payload: ACCEPTED };
const sessionParameter = { sessionID: { description: `The session ID: ${SESSION_ID_PATTERN.source}` } };

/** Channels are events; the acks of an event are messages of its channel. */
const channels = {
  beginUpload: {
    address: protocol.BEGIN_UPLOAD,
    messages: {
      begin: { summary: 'Creates or resumes a session.', payload: schemaRef('BeginUpload') },
      originalBegin: { summary: 'Begins an upload in the original workflow.', payload: schemaRef('OriginalBegin') },
      begun: { summary: 'The ack: the offset to continue from.', payload: accepted(schemaRef('BegunUpload')) },
      originalBegun: originalAccepted,
      refused,
    },
  },
  uploadChunk: {
    address: protocol.uploadChunkEvent('{sessionID}'),
    parameters: sessionParameter,
    messages: {
      chunk: { summary: 'A run of bytes with its offset.', payload: schemaRef('UploadChunk') },
      originalChunk: {
        summary: 'The next bytes, in the original workflow.',
        payload: schemaRef('OriginalChunk'),
      },
      written: { summary: 'The ack: the chunk is written.', payload: accepted(schemaRef('ChunkWritten')) },
      originalWritten: originalAccepted,
      refused,
    },
  },
  cancelUpload: {
    address: protocol.CANCEL_UPLOAD,
    messages: {
      cancel: { summary: 'Cancels a session and discards its bytes.', payload: schemaRef('CancelUpload') },
      cancelled: { summary: 'The ack: the session is cancelled.', payload: ACCEPTED },
      refused,
    },
  },
  uploadSuccess: {
    address: protocol.uploadSuccessEvent('{sessionID}'),
    parameters: sessionParameter,
    messages: {
      success: {
        summary: 'The file is verified, durable and in its final place.',
        payload: schemaRef('CompletedUpload'),
      },
    },
  },
  uploadError: {
    address: protocol.uploadErrorEvent('{sessionID}'),
    parameters: sessionParameter,
    messages: {
      failure: {
        summary: 'The upload cannot continue on this connection. Two arguments: the message, then the error.',
        payload: { type: 'array', items: [{ type: 'string' }, schemaRef('Error')], minItems: 2, maxItems: 2 },
      },
    },
  },
  uploadInProgress: {
    address: protocol.uploadInProgressEvent('{sessionID}'),
    parameters: sessionParameter,
    messages: {
      progress: {
        summary: 'The server is still working on an answer for this session.',
        payload: schemaRef('UploadInProgress'),
      },
    },
  },
  serverDraining: {
    address: protocol.SERVER_DRAINING,
    messages: {
      draining: { summary: 'The gateway is shutting down.', payload: schemaRef('ServerDraining') },
    },
  },
};

const channelRef = (channel) => ({ $ref: `#/channels/${channel}` });
const messageRefs = (channel, names) => names.map((name) => ({ $ref: `#/channels/${channel}/messages/${name}` }));

const receive = (channel, messages, replies) => ({
  action: 'receive',
  channel: channelRef(channel),
  messages: messageRefs(channel, messages),
  reply: { channel: channelRef(channel), messages: messageRefs(channel, replies) },
});
const send = (channel) => ({ action: 'send', channel: channelRef(channel) });

const asyncapi = {
  asyncapi: '3.0.0',
  info: {
    title: 'Upload Streams',
    version: String(protocol.PROTOCOL_VERSION),
    description: [
      'The events between a client and the gateway, over Socket.IO. docs/protocol.md describes their meaning and order.',
      'Acks are Socket.IO acknowledgements. They are described here as replies on the channel of their event.',
      `A message may have at most ${MAX_MESSAGE_BYTES} bytes.`,
    ].join(' '),
    license: { name: 'MIT' },
  },
  defaultContentType: 'application/json',
  servers: {
    gateway: {
      host: 'localhost:3000',
      pathname: '/upload-streams/',
      protocol: 'ws',
      description: 'Socket.IO 4. The credential is auth.token of the handshake.',
    },
  },
  channels,
  operations: {
    beginUpload: receive('beginUpload', ['begin'], ['begun', 'refused']),
    uploadChunk: receive('uploadChunk', ['chunk'], ['written', 'refused']),
    cancelUpload: receive('cancelUpload', ['cancel'], ['cancelled', 'refused']),
    beginOriginal: receive('beginUpload', ['originalBegin'], ['originalBegun']),
    uploadOriginalChunk: receive('uploadChunk', ['originalChunk'], ['originalWritten']),
    tellSuccess: send('uploadSuccess'),
    tellError: send('uploadError'),
    tellInProgress: send('uploadInProgress'),
    tellDraining: send('serverDraining'),
  },
  components: { schemas },
};

const asyncapiDocument = `# Written by scripts/generate-docs.mjs from libs/protocol/src. Change that, then run: npm run docs
${stringify(asyncapi, { aliasDuplicateObjects: false, lineWidth: 120, singleQuote: true })}`;

// ---------------------------------------------------------------- write, or compare

const isCheck = process.argv.includes('--check');
for (const [name, text] of [
  ['docs/errors.md', errorsDocument],
  ['docs/asyncapi.yaml', asyncapiDocument],
]) {
  const file = new URL(`../${name}`, import.meta.url);
  if (!isCheck) writeFileSync(file, text);
  else if (present(file) !== text) {
    console.error(`${name} is out of date: run "npm run docs" and commit the result.`);
    process.exitCode = 1;
  }
}

function present(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
