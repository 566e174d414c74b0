// Runs a script of this project on a machine that has nothing but Node >= 20 and npm:
//   node infra/local/bootstrap/run.mjs [node flags] <script> [arguments]
// Node flags that take a value are written as --flag=value; `--settings=<file>` is our own, see below. Plain JavaScript without
// dependencies, since it runs before they are there. Exit codes of its own: 2 usage, 3 Debian packages missing, 4 npm packages
// missing; all others are the script's.
import { existsSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BootstrapError } from './bootstrap-error.mjs';
import { ensureDebianPackages } from './debian-packages.mjs';
import { withInstallLock } from './install-lock.mjs';
import { ensureNpmPackages } from './npm-packages.mjs';
import { runPinnedNode } from './pinned-node.mjs';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const OLDEST_NODE = 20;

/** Scripts that start Redis, MariaDB and the others; everything else runs without them. */
const SCRIPTS_WITH_SERVERS = [
  'infra/local/main.ts',
  'node_modules/jest/bin/jest.js',
  'test/bench/main.ts',
  'test/chaos/main.ts',
  'test/deploy/run.ts',
];

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof BootstrapError)) throw error;
  console.error(error.message);
  process.exitCode = error.exitCode;
}

async function main(args) {
  if (Number(process.versions.node.split('.')[0]) < OLDEST_NODE) {
    throw new BootstrapError(2, `Node ${OLDEST_NODE} or newer is needed to begin with, this is ${process.version}`);
  }
  const script = args.find((arg) => !arg.startsWith('-'));
  if (script === undefined)
    throw new BootstrapError(2, 'usage: node infra/local/bootstrap/run.mjs [node flags] <script>');
  const needsServers = SCRIPTS_WITH_SERVERS.includes(relative(ROOT, resolve(script)));
  await withInstallLock(join(ROOT, '.local'), async () => {
    await ensureNpmPackages(ROOT);
    if (needsServers) await ensureDebianPackages();
  });
  const flags = args.slice(0, args.indexOf(script)).flatMap(nodeFlags);
  return runPinnedNode(ROOT, [...flags, ...args.slice(args.indexOf(script))]);
}

/**
 * `--settings=<file>` reads variables from a file that may be absent. Node's own flag for that says so each time, and even
 * the Node that runs us would, since it looks for the flag among the arguments of scripts too.
 */
function nodeFlags(arg) {
  const [, file] = /^--settings=(.*)$/.exec(arg) ?? [];
  if (file === undefined) return [arg];
  return existsSync(file) ? [`--env-file=${file}`] : [];
}
