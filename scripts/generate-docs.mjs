// npm run docs: writes docs/errors.md and docs/asyncapi.yaml from libs/protocol, which has to be built.
// With --check it writes nothing, and fails where one of them is not what libs/protocol says.
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { stringify } from 'yaml';
import * as protocol from '../libs/protocol/dist/index.js';
import { markdownTable } from './markdown-table.mjs';

const { z } = createRequire(new URL('../libs/protocol/package.json', import.meta.url))('zod');
const { ERROR_CODES, ERRORS, MAX_MESSAGE_BYTES, SESSION_ID_PATTERN } = protocol;

// ---------------------------------------------------------------- docs/errors.md

const RECOVERIES = {
  retry: 'Wait, longer each time, and try again: begin the session again and go on from the offset in the answer.',
  resync: 'Begin the session again and go on from the offset in the answer.',
  restart: 'Upload from zero, under a new session ID.',
  fatal: 'Stop, and tell the person.',
};

/** Where a code asks for something else, or for more, than its recovery says. */
const CLIENT_DOES = {
  SESSION_NOT_FOUND: `${RECOVERIES.resync} After \`cancel_upload\` there is nothing left to do.`,
  STORAGE_FULL:
    'Wait, longer each time, and try again: begin the session again and go on from the offset in the answer. Tell the person why.',
  SESSION_TAKEN_OVER: 'Stop here. Do not begin again: the two connections would take the session from each other.',
  CHECKSUM_MISMATCH: 'Send the chunk again. A client with more chunks in flight begins the session again.',
  WINDOW_EXCEEDED: 'Connect again, begin the session again, and never send beyond `offset + window`.',
  UPLOAD_ALREADY_COMPLETE: 'Begin the session again: the answer has the file in `completed`.',
  ORIGIN_NOT_ALLOWED:
    'Stop. The handshake is refused before there is a connection, so this error travels as HTTP only: see above.',
  OFFLINE: 'Wait until there is a network, then begin the session again and go on from the offset in the answer.',
  SOURCE_NOT_REREADABLE: 'Stop, and tell the caller, who has to open the stream again.',
};

const formsTable = markdownTable([
  ['Where', 'In what form'],
  ['the ack of an event', '`{ ok: false, error }`'],
  ['`upload_error_{ID}`', 'two arguments: the message as a string, then `error`'],
  ['the HTTP API', 'the body `{ error }`, under the HTTP status of the code'],
  ['a connection that is refused', '`connect_error` of the Socket.IO client, with `error` as `data` of its argument'],
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

Every error of the protocol, the HTTP API and the clients is one of the codes below. This is how one travels in an ack:

\`\`\`json
${JSON.stringify(example, null, 2)}
\`\`\`

${formsTable}

\`code\` and \`recovery\` are for programs, \`message\` is for people and may change, \`details\` has facts such as sizes and
offsets where there are any. No value that a client sent comes back in an error. A code that a client does not know
counts as \`INTERNAL\`.

\`ORIGIN_NOT_ALLOWED\` is different: a browser gets it instead of a handshake. Long polling is answered with HTTP 403 and
the message in the body, a WebSocket with HTTP 400, and the Socket.IO client reports a \`connect_error\` without \`data\`.

## Recovery

Clients decide by \`recovery\`, never by the message.

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

/** The message with `{name}` in the place of each detail, and the names. */
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
 * As it travels, hence `input`: before a schema's transforms, and open for fields of a later version. Draft 7 is what
 * AsyncAPI builds on.
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
    description: 'chunk and crc32 come together; last comes with chunk and fileCrc32.',
  },
  UploadChunk: { ...jsonSchema(protocol.uploadChunkSchema), description: 'last: true comes with fileCrc32.' },
  CancelUpload: jsonSchema(protocol.cancelUploadSchema),
  OriginalBegin: {
    description: 'The original workflow: without protocol.',
    oneOf: [{ type: 'string', pattern: SESSION_ID_PATTERN.source }, jsonSchema(protocol.originalBeginSchema)],
  },
  OriginalChunk: {
    ...jsonSchema(protocol.originalChunkSchema),
    description: 'The original workflow: without offset and crc32.',
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

const refused = { summary: 'The ack: why not.', payload: schemaRef('Refusal') };
const originalAccepted = { summary: 'The ack of the original workflow.', payload: ACCEPTED };
const sessionParameter = { sessionID: { description: `The session ID: ${SESSION_ID_PATTERN.source}` } };

/** Channels are events; the acks of an event are messages of its channel. */
const channels = {
  beginUpload: {
    address: protocol.BEGIN_UPLOAD,
    messages: {
      begin: { summary: 'Creates or resumes a session.', payload: schemaRef('BeginUpload') },
      originalBegin: { summary: 'Begins as the original clients do.', payload: schemaRef('OriginalBegin') },
      begun: { summary: 'The ack: where to go on.', payload: accepted(schemaRef('BegunUpload')) },
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
        summary: 'The next bytes, as the original clients send them.',
        payload: schemaRef('OriginalChunk'),
      },
      written: { summary: 'The ack: it is written.', payload: accepted(schemaRef('ChunkWritten')) },
      originalWritten: originalAccepted,
      refused,
    },
  },
  cancelUpload: {
    address: protocol.CANCEL_UPLOAD,
    messages: {
      cancel: { summary: 'Drops a session and its bytes.', payload: schemaRef('CancelUpload') },
      cancelled: { summary: 'The ack: it is gone.', payload: ACCEPTED },
      refused,
    },
  },
  uploadSuccess: {
    address: protocol.uploadSuccessEvent('{sessionID}'),
    parameters: sessionParameter,
    messages: {
      success: { summary: 'The file is verified, durable and in its place.', payload: schemaRef('CompletedUpload') },
    },
  },
  uploadError: {
    address: protocol.uploadErrorEvent('{sessionID}'),
    parameters: sessionParameter,
    messages: {
      failure: {
        summary: 'The upload can not go on here. Two arguments: a sentence, then the error.',
        payload: { type: 'array', items: [{ type: 'string' }, schemaRef('Error')], minItems: 2, maxItems: 2 },
      },
    },
  },
  uploadInProgress: {
    address: protocol.uploadInProgressEvent('{sessionID}'),
    parameters: sessionParameter,
    messages: {
      progress: {
        summary: 'The server still works on an answer for this session.',
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
      'The events between a client and the gateway, over Socket.IO. docs/protocol.md says what they mean and in which order they come.',
      'The acks of an event are Socket.IO acknowledgements, described here as replies on the channel of the event.',
      `A message has at most ${MAX_MESSAGE_BYTES} bytes.`,
    ].join(' '),
    license: { name: 'MIT' },
  },
  defaultContentType: 'application/json',
  servers: {
    gateway: {
      host: 'localhost:3000',
      pathname: '/socket.io/',
      protocol: 'ws',
      description: 'Socket.IO 4. A credential travels as auth.token of the handshake.',
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
    console.error(`${name} is not what libs/protocol says: run "npm run docs" and commit it.`);
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
