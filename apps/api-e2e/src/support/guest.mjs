// Run as a process of its own: starts UploadModule in a plain Nest application, uploads a file, stops, and prints a JSON
// list of what has changed in the state that the whole process shares. DATA_DIR must be set.
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import '@nestjs/platform-express';
import '@nestjs/platform-socket.io';
import { EventEmitter } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import stream from 'node:stream';
import { isDeepStrictEqual } from 'node:util';
import v8 from 'node:v8';
// It keeps its configuration in globals.
import 'zod';

/** Objects that all code of a process shares, and whose methods could be replaced. */
const SHARED = {
  globalThis,
  process,
  Buffer,
  'Array.prototype': Array.prototype,
  'ArrayBuffer.prototype': ArrayBuffer.prototype,
  'Buffer.prototype': Buffer.prototype,
  'Promise.prototype': Promise.prototype,
  'EventEmitter.prototype': EventEmitter.prototype,
  'net.Socket.prototype': net.Socket.prototype,
  'stream.Duplex.prototype': stream.Duplex.prototype,
  'http.Server.prototype': http.Server.prototype,
  'http.IncomingMessage.prototype': http.IncomingMessage.prototype,
};

const limitsOf = ({ maxSockets, maxFreeSockets, keepAlive }) => ({ maxSockets, maxFreeSockets, keepAlive });

function methodsOf([owner, object]) {
  const members = Object.entries(Object.getOwnPropertyDescriptors(object));
  return members
    .map(([name, { value, get }]) => [`${owner}.${name}`, value ?? get])
    .filter(([, member]) => typeof member === 'function');
}

/** What is named by each key: values are compared, functions by identity. */
const stateOfProcess = () =>
  new Map([
    ...process.eventNames().map((name) => [`listeners of ${String(name)}`, process.listenerCount(name)]),
    ...Reflect.ownKeys(globalThis).map((name) => [`global ${String(name)}`, true]),
    ...Object.entries(process.env).map(([name, value]) => [`environment variable ${name}`, value]),
    ['flags', [...process.execArgv]],
    ['limit of the heap', v8.getHeapStatistics().heap_size_limit],
    ['Buffer.poolSize', Buffer.poolSize],
    ['Error.stackTraceLimit', Error.stackTraceLimit],
    ['Error.prepareStackTrace', Error.prepareStackTrace],
    ['EventEmitter.defaultMaxListeners', EventEmitter.defaultMaxListeners],
    ['http.globalAgent', limitsOf(http.globalAgent)],
    ['https.globalAgent', limitsOf(https.globalAgent)],
    ['dispatcher of fetch', globalThis[Symbol.for('undici.globalDispatcher.1')]],
    ['high-water marks', [stream.getDefaultHighWaterMark(false), stream.getDefaultHighWaterMark(true)]],
    ...Object.entries(SHARED).flatMap(methodsOf),
  ]);

function changes(before, after) {
  const names = new Set([...before.keys(), ...after.keys()]);
  return [...names].filter((name) => {
    const [was, is] = [before.get(name), after.get(name)];
    return typeof was === 'object' ? !isDeepStrictEqual(was, is) : was !== is;
  });
}

async function start(...imports) {
  class App {}
  Module({ imports })(App);
  const app = await NestFactory.create(App, { logger: false });
  await app.listen(0, '127.0.0.1');
  return app;
}

// Before the first look, so that what Nest and Node load only when it is needed does not count.
await (await start()).close();
await fetch('data:,');

const before = stateOfProcess();
const { UploadModule } = await import('@upload-streams/nest');
const app = await start(UploadModule.forRoot({ dataDir: process.env.DATA_DIR }));
const { createNodeUploadClient } = await import('@upload-streams/client/node');
const client = createNodeUploadClient({ url: await app.getUrl() });
await client.uploadToEnd(new Uint8Array(3_000_000), { fileName: 'a.bin' });
client.close();
const running = stateOfProcess();
await app.close();
console.log(JSON.stringify([...new Set([...changes(before, running), ...changes(before, stateOfProcess())])]));
