/**
 * The environment for npm and other tools in a project outside of the workspace: without what the npm script and the test
 * runner that run this test have set for their own project.
 */
export function npmEnvironment(extra = {}) {
  const ours =
    /^(npm_(?!config_(registry|cache|userconfig|globalconfig|proxy|https_proxy)$)|NODE_OPTIONS$|NX_|JEST_|INIT_CWD$|NODE_ENV$|FORCE_COLOR$)/i;
  const kept = Object.entries(process.env).filter(([name]) => !ours.test(name));
  return { ...Object.fromEntries(kept), CI: 'true', NO_COLOR: '1', NG_CLI_ANALYTICS: 'false', ...extra };
}
