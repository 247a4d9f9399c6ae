import { parentPort } from 'node:worker_threads';
import { batchOf, onRequests } from '../file-answer.ts';

// Answers each request with its ID, between messages that are none of ours.

const FOREIGN = [{ 'watch:import': ['file:///module.js'] }, null, 42, 'text', [1], [{ id: 1 }], { items: [{ id: 1 }] }];

onRequests<{ readonly id: number }>(parentPort, (requests) => {
  for (const message of FOREIGN) parentPort?.postMessage(message);
  parentPort?.postMessage(batchOf(requests.map(({ id }) => ({ id, result: id }))));
  for (const message of FOREIGN) parentPort?.postMessage(message);
});
