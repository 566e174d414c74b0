// npm run test:deploy [-- <arguments of jest>]: deploys the whole system to an emulator of AWS on this machine and tests what
// came of it; see run.ts. Where the emulator cannot run it says why, and ends well.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { findPython } from './python.ts';

const python = await findPython();
if ('problem' in python) {
  console.log(`test:deploy is skipped: ${python.problem}`);
} else {
  const bootstrap = fileURLToPath(new URL('../../infra/local/bootstrap/run.mjs', import.meta.url));
  const run = fileURLToPath(new URL('run.ts', import.meta.url));
  // It installs the servers too, which a machine that skips needs not have.
  const args = [
    bootstrap,
    '--disable-warning=TimeoutNegativeWarning',
    run,
    python.executable,
    ...process.argv.slice(2),
  ];
  process.exitCode = spawnSync(process.execPath, args, { stdio: 'inherit' }).status ?? 1;
}
