import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export interface LambdaSandbox {
  /** Holds `opt`, `var/task` and `var/runtime`. */
  readonly root: string;
  /** Events to a function, one after the other in one process, as to an environment that is kept. */
  invoke(name: string, events: readonly unknown[], env?: Environment): Promise<Invoked>;
  /** CommonJS in a process like that of a function; resolves with what it printed. */
  run(script: string, args?: readonly string[], env?: Environment): Promise<string>;
}

export interface Invoked {
  /** What the handler resolved with, or `{ code, message }` of what it rejected with. */
  readonly outcomes: readonly unknown[];
  /** Files that were loaded, from the root of the sandbox; those beyond it begin with `..`. */
  readonly loaded: readonly string[];
  readonly stdout: string;
}

export interface SandboxContents {
  /** Folders by the names that `invoke` takes. */
  readonly functions: Readonly<Record<string, string>>;
  readonly layers: readonly string[];
}

type Environment = Readonly<Record<string, string>>;

const run = promisify(execFile);
const NODE_MODULES = fileURLToPath(new URL('../../node_modules', import.meta.url));
/** Lambda starts Node 24 so. */
export const LAMBDA_NODE_FLAGS = ['--no-experimental-require-module', '--no-experimental-detect-module'];
/** What the runtime brings, of what we use. */
const RUNTIME_PACKAGES = ['amp', 'kms', 'lambda', 'secrets-manager', 'sqs'].map((name) => `@aws-sdk/client-${name}`);
const TIME_LIMIT_MS = 60_000;
/** A few answers of the size that Lambda hands on. */
const MAX_OUTPUT_BYTES = 32_000_000;
const RUNTIME = `
const { relative } = require('node:path');
const { handler } = require(process.argv[2]);
const context = { getRemainingTimeInMillis: () => 60_000 };
const told = (error) => ({ code: error.code, message: error.message });
(async () => {
  const outcomes = [];
  for (const event of JSON.parse(process.argv[3])) outcomes.push(await handler(event, context).catch(told));
  const loaded = Object.keys(require.cache).map((path) => relative(process.argv[1], path));
  process.stdout.write('\\noutcomes ' + JSON.stringify({ outcomes, loaded }) + '\\n', () => process.exit());
})();
`;

/**
 * Functions and layers unpacked as on Lambda: layers in `opt`, code in `var/task/<name>`, the clients of AWS in `var/runtime`,
 * and the same search path and switches of Node. Nothing of the project can be required but what was packed.
 * @param root an empty folder outside the project
 */
export function unpackLambda(root: string, { functions, layers }: SandboxContents): LambdaSandbox {
  for (const layer of layers) cpSync(layer, join(root, 'opt'), { recursive: true });
  for (const [name, path] of Object.entries(functions)) cpSync(path, join(root, 'var/task', name), { recursive: true });
  copyLambdaRuntime(join(root, 'var/runtime'));
  mkdirSync(join(root, 'var/task'), { recursive: true });
  const searchPath = [
    'opt/nodejs/node24/node_modules',
    'opt/nodejs/node_modules',
    'var/runtime/node_modules',
    'var/runtime',
  ];

  async function runScript(script: string, args: readonly string[] = [], env: Environment = {}): Promise<string> {
    const { stdout } = await run(process.execPath, [...LAMBDA_NODE_FLAGS, '-e', script, root, ...args], {
      cwd: join(root, 'var/task'),
      env: { ...env, NODE_PATH: searchPath.map((path) => join(root, path)).join(delimiter) },
      timeout: TIME_LIMIT_MS,
      maxBuffer: MAX_OUTPUT_BYTES,
    });
    return stdout;
  }

  return {
    root,
    run: runScript,
    async invoke(name, events, env) {
      const task = join(root, 'var/task', name, 'handler');
      const stdout = await runScript(RUNTIME, [task, JSON.stringify(events)], env);
      const line = stdout.split('\n').find((text) => text.startsWith('outcomes '));
      return { stdout, ...JSON.parse(line?.slice('outcomes '.length) ?? 'null') };
    },
  };
}

/** The clients of AWS that Lambda's runtime brings, in the `node_modules` of a folder. */
export function copyLambdaRuntime(folder: string): void {
  for (const name of withDependencies(RUNTIME_PACKAGES)) copyPackage(name, join(folder, 'node_modules'));
}

function withDependencies(names: readonly string[]): ReadonlySet<string> {
  const all = new Set(names);
  // Names that are added meanwhile are visited as well.
  for (const name of all) {
    const { dependencies = {} } = JSON.parse(readFileSync(join(NODE_MODULES, name, 'package.json'), 'utf8'));
    for (const dependency of Object.keys(dependencies)) all.add(dependency);
  }
  return all;
}

function copyPackage(name: string, folder: string): void {
  mkdirSync(dirname(join(folder, name)), { recursive: true });
  const isNeeded = (path: string) => !/\/dist-(types|es)$|\.d\.ts$|\.map$/.test(path);
  cpSync(join(NODE_MODULES, name), join(folder, name), { recursive: true, filter: isNeeded });
}
