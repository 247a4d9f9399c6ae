import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { npmEnvironment } from './npm-environment.mjs';
import { folder, workspaceNode, type NodeVersion } from './packed.js';

const execute = promisify(execFile);

interface Manifest {
  readonly type?: 'module' | 'commonjs';
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

/** A project outside of the workspace, which installs what was packed. */
export class FreshProject {
  private constructor(readonly root: string) {}

  /** Writes the files and installs the dependencies. */
  static async create(name: string, manifest: Manifest, files: Readonly<Record<string, string>> = {}) {
    const project = new FreshProject(join(folder, name));
    await project.write({ 'package.json': JSON.stringify({ name, private: true, ...manifest }), ...files });
    await project.npm('install');
    return project;
  }

  /** Lets the CLI of a framework generate the project, adds dependencies, and installs them. */
  static async generate(name: string, cli: string, args: readonly string[], added: Manifest) {
    const parent = new FreshProject(folder);
    await parent.npm('exec', '--yes', `--package=${cli}`, '--', ...args);
    const project = new FreshProject(join(folder, name));
    const manifest = JSON.parse(await project.read('package.json')) as Manifest;
    const dependencies = { ...manifest.dependencies, ...added.dependencies };
    const devDependencies = { ...manifest.devDependencies, ...added.devDependencies };
    await project.write({ 'package.json': JSON.stringify({ ...manifest, dependencies, devDependencies }) });
    await project.npm('install');
    return project;
  }

  path(...parts: readonly string[]): string {
    return join(this.root, ...parts);
  }

  read(file: string): Promise<string> {
    return readFile(this.path(file), 'utf8');
  }

  async write(files: Readonly<Record<string, string>>): Promise<void> {
    for (const [file, content] of Object.entries(files)) {
      await mkdir(dirname(this.path(file)), { recursive: true });
      await writeFile(this.path(file), content);
    }
  }

  /** Replaces a text of a file that a CLI has generated. */
  async edit(file: string, ...changes: readonly (readonly [string | RegExp, string])[]): Promise<void> {
    let text = await this.read(file);
    for (const [from, to] of changes) {
      const changed = text.replace(from, to);
      if (changed === text) throw new Error(`${file} does not contain ${from}:\n${text}`);
      text = changed;
    }
    await this.write({ [file]: text });
  }

  npm(...args: readonly string[]): Promise<string> {
    const quiet = ['--no-audit', '--no-fund', '--loglevel=error', '--prefer-offline'];
    const [command = '', ...rest] = args;
    return this.execute('npm', [command, ...quiet, ...rest]);
  }

  /** Runs a script with a Node version, and returns what it printed. */
  node({ path }: NodeVersion, args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<string> {
    return this.execute(path, args, env);
  }

  /** Runs a tool that the project has installed, with a Node version. */
  tool(name: string, args: readonly string[], node: NodeVersion = workspaceNode, env = {}): Promise<string> {
    const PATH = [dirname(node.path), this.path('node_modules/.bin'), process.env['PATH']].join(delimiter);
    return this.execute(this.path('node_modules/.bin', name), args, { PATH, ...env });
  }

  private async execute(command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    const cwd = existsSync(this.root) ? this.root : folder;
    const options = { cwd, env: npmEnvironment(env), maxBuffer: 1 << 26, shell: process.platform === 'win32' };
    try {
      return (await execute(command, args, options)).stdout;
    } catch (error) {
      const { stdout, stderr } = error as { stdout?: string; stderr?: string };
      throw new Error(`${command} ${args.join(' ')} failed:\n${stdout}\n${stderr}`, { cause: error });
    }
  }
}
