import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BootstrapError } from './bootstrap-error.mjs';
import { isExecutable, runCommand } from './commands.mjs';

const STAMP = 'node_modules/.proxywatch-installed';
export const PINNED_NODE = 'node_modules/node/bin/node';

/** Installs the npm packages of package-lock.json unless they are there. Throws BootstrapError with code 4. */
export async function ensureNpmPackages(root) {
  const lock = readFileSync(join(root, 'package-lock.json'), 'utf8');
  // Packages are built for one platform: a checkout that moved to another machine is stale.
  const wanted = createHash('sha256').update(`${process.platform} ${process.arch}\n${lock}`).digest('hex');
  if (readIfThere(join(root, STAMP)) === wanted) return;
  if (!installedByHand(root, JSON.parse(lock))) await install(root);
  writeFileSync(join(root, STAMP), wanted);
}

async function install(root) {
  console.error('installing npm packages (npm ci)');
  // The pinned Node is a development dependency, whatever NODE_ENV or a user's npm settings say.
  const code = await runCommand('npm', ['ci', '--include=dev', '--loglevel=error'], { cwd: root }).catch(
    (error) => error.message,
  );
  if (code !== 0) throw new BootstrapError(4, `npm packages are missing: npm ci failed (${code})`);
  if (!isExecutable(join(root, PINNED_NODE))) {
    throw new BootstrapError(
      4,
      `npm ci left no ${PINNED_NODE}: are install scripts switched off (npm config get ignore-scripts)?`,
    );
  }
}

/** True if an `npm ci` or `npm install` of the user's own put exactly the locked versions there: no need to do it again. */
function installedByHand(root, lock) {
  const record = readIfThere(join(root, 'node_modules/.package-lock.json'));
  if (record === undefined || !isExecutable(join(root, PINNED_NODE))) return false;
  const installed = JSON.parse(record).packages;
  return Object.entries(lock.packages).every(([path, { version, optional }]) => {
    if (!path.startsWith('node_modules/')) return true;
    const there = installed[path];
    return there === undefined ? optional === true : there.version === version;
  });
}

function readIfThere(file) {
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}
