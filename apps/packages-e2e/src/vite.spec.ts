import { expect } from '@jest/globals';
import { FreshProject } from './support/fresh-project.js';
import { chooseGateway, uploadFromPage } from './support/page-upload.js';
import { describeProject, itOn, nodes, packed, prepared, readmeExample, workspaceNode } from './support/packed.js';

const PAGE = `<!doctype html>
<input type="file" />
<output></output>
<script type="module" src="/main.js"></script>
`;

/** Vite 8 needs Node 20.19, 22.12 or later. */
const buildNodes = [...new Set([nodes[0] ?? workspaceNode, workspaceNode])];

const created = prepared(async () => {
  const gateway = await chooseGateway();
  const project = await FreshProject.create(
    'vite',
    { type: 'module', dependencies: { ...packed('client', 'protocol'), rxjs: '^7.8.0', vite: '^8.0.0' } },
    {
      'index.html': PAGE,
      'main.js': readmeExample('client', 'main.js').replace('http://localhost:3000', gateway.url),
    },
  );
  return { gateway, project };
});

describeProject('Vite, no framework', () => {
  itOn(buildNodes, 'uploads a file from the built page', async (node) => {
    const { gateway, project } = await created();
    await project.tool('vite', ['build'], node);
    const { sent, stored, errors } = await uploadFromPage(gateway, project.path('dist'), (page) =>
      page.getByText('stored as').waitFor(),
    );
    expect(stored).toEqual([sent]);
    expect(errors).toEqual([]);
  });
});
