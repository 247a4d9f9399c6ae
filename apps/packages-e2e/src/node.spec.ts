import { beforeAll, expect } from '@jest/globals';
import { uploadFromProject } from './support/client-run.js';
import { FreshProject } from './support/fresh-project.js';
import { describeProject, itOn, nodes, packed, readmeExample } from './support/packed.js';

const URL_OF_EXAMPLE = "'http://localhost:3000'";

const CLIENT = { dependencies: { ...packed('client', 'protocol'), rxjs: '^7.8.0' } };

describeProject('Node, ES module', () => {
  let project: FreshProject;

  beforeAll(async () => {
    const example = readmeExample('client', 'upload.mjs').replace(URL_OF_EXAMPLE, 'process.env.GATEWAY_URL');
    const messages = readmeExample('protocol', 'messages.mjs');
    project = await FreshProject.create('node-esm', CLIENT, { 'upload.mjs': example, 'messages.mjs': messages });
  });

  itOn(nodes, 'uploads a file', async (node) => {
    const { sent, stored, printed } = await uploadFromProject(project, node, ['upload.mjs']);
    expect(stored).toEqual([sent]);
    expect(printed).toContain(`5000000 bytes, SHA-256 ${sent}`);
  });

  itOn(nodes, 'runs the example of the protocol', async (node) => {
    expect(await project.node(node, ['messages.mjs'])).toBe('cbf43926\ntrue SESSION_ID_INVALID restart\n');
  });
});

describeProject('Node, CommonJS', () => {
  let project: FreshProject;

  beforeAll(async () => {
    const example = readmeExample('client', 'upload.mjs')
      .replace(URL_OF_EXAMPLE, 'process.env.GATEWAY_URL')
      .replace(/import (\{.*\}) from ('.*');/, 'const $1 = require($2);');
    const script = example.replace(/(const client.*)/s, 'async function main() {\n$1}\nmain();\n');
    project = await FreshProject.create('node-cjs', { type: 'commonjs', ...CLIENT }, { 'upload.js': script });
  });

  itOn(nodes, 'uploads a file', async (node) => {
    const { sent, stored } = await uploadFromProject(project, node, ['upload.js']);
    expect(stored).toEqual([sent]);
  });
});
