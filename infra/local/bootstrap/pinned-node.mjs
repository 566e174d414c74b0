import { constants } from 'node:os';
import { join } from 'node:path';
import { hasCommand, spawnForwarding } from './commands.mjs';
import { PINNED_NODE } from './npm-packages.mjs';
import { onParentGone } from './parent-watch.mjs';

/** Runs the pinned Node as if it were this process: input, outputs, signals, exit code. Resolves to the exit code. */
export function runPinnedNode(root, args) {
  const node = join(root, PINNED_NODE);
  // Should this process be killed, the kernel tells the script to stop.
  const command = hasCommand('setpriv') ? ['setpriv', '--pdeathsig', 'TERM', node, ...args] : [node, ...args];
  const { child } = spawnForwarding(command[0], command.slice(1), { stdio: 'inherit' });
  const stopWatching = onParentGone(() => child.kill('SIGTERM'));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      stopWatching();
      resolve(code ?? 128 + constants.signals[signal]);
    });
  });
}
