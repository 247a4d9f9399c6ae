/** Prints a table of project, Node version and result. A project is a `describe`, and its tests name their Node. */
export default class TableReporter {
  onRunComplete(_, { testResults }) {
    const results = testResults.flatMap(({ testResults: tests }) => tests);
    const cells = results.flatMap(cellOf);
    const nodes = [...new Set(cells.map(({ node }) => node))].sort((a, b) => parseFloat(a) - parseFloat(b));
    const projects = [...new Set(cells.map(({ project }) => project))];
    const result = (project, node) =>
      cells.find((cell) => cell.project === project && cell.node === node)?.result ?? '';
    const rows = [['Project', ...nodes.map((node) => `Node ${node}`)]];
    for (const project of projects) rows.push([project, ...nodes.map((node) => result(project, node))]);
    const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
    const lines = rows.map((row) => row.map((text, column) => text.padEnd(widths[column])).join('  '));
    console.log(`\n${lines.map((line) => line.trimEnd()).join('\n')}\n`);
  }
}

/** "… on Node 20.19.0", or "… on Node 20.19.0 <what was expected there>" */
function cellOf({ ancestorTitles, title, status, duration }) {
  const node = /on Node ([\d.]+)/.exec(title)?.[1];
  if (node === undefined || ancestorTitles.length === 0) return [];
  const seconds = `${((duration ?? 0) / 1000).toFixed(1)} s`;
  const passed = /refuses/.test(title) ? 'clear error' : `passed, ${seconds}`;
  return [{ project: ancestorTitles[0], node, result: status === 'passed' ? passed : status.toUpperCase() }];
}
