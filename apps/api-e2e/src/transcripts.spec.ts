import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { GatewayProcess } from '@upload-streams/testing';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { WebSocket } from 'ws';
import { startGateway } from './support/gateway.js';

const DOCUMENT = readFileSync(new URL('../../../docs/transcripts.md', import.meta.url), 'utf8');
const TRANSCRIPTS = [...DOCUMENT.matchAll(/^```transcript (\w+)\n(.*?)^```$/gms)].map(
  ([, name = '', lines = '']) => [name, lines.trim().split('\n')] as const,
);
const BINARY = '[binary] ';

/** Messages as the server sent them, without heartbeats. */
class Recorder {
  private readonly messages: string[] = [];
  private wake: () => void = () => undefined;

  constructor(readonly socket: WebSocket) {
    socket.on('message', (data) => {
      if (String(data) === '2') socket.send('3');
      else this.messages.push(String(data));
      this.wake();
    });
  }

  async next(): Promise<string> {
    while (this.messages.length === 0) await new Promise<void>((resolve) => (this.wake = resolve));
    return this.messages.shift()!;
  }
}

describe('docs/transcripts.md', () => {
  let gateway: GatewayProcess;
  let recorder: Recorder | undefined;

  beforeAll(async () => {
    gateway = await startGateway();
  });
  afterAll(() => gateway.close());
  afterEach(() => {
    recorder?.socket.terminate();
    recorder = undefined;
  });

  function connect(): Recorder {
    return new Recorder(
      new WebSocket(`${gateway.url.replace('http', 'ws')}/upload-streams/?EIO=4&transport=websocket`),
    );
  }

  async function play(line: string): Promise<void> {
    const content = line.slice(2);
    if (line.startsWith('- ')) {
      recorder!.socket.terminate();
      await once(recorder!.socket, 'close');
      recorder = undefined;
    } else if (line.startsWith('> ')) {
      recorder!.socket.send(content.startsWith(BINARY) ? Buffer.from(content.slice(BINARY.length)) : content);
    } else {
      recorder ??= connect();
      expect(await recorder.next()).toMatch(patternOf(content));
    }
  }

  it.each(TRANSCRIPTS)('is what happens: %s', async (_name, lines) => {
    expect(lines.length).toBeGreaterThan(2);
    for (const line of lines) await play(line);
  });

  it('has the transcripts that it promises', () => {
    expect(TRANSCRIPTS.map(([name]) => name)).toEqual(['resume', 'errors', 'refused']);
  });
});

function patternOf(line: string): RegExp {
  const literals = line.split('…').map((text) => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
  return new RegExp(`^${literals.join('.*?')}$`);
}
