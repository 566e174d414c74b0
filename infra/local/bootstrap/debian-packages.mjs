import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BootstrapError } from './bootstrap-error.mjs';
import { hasCommand, runCommand } from './commands.mjs';

const PACKAGES = JSON.parse(readFileSync(new URL('debian-packages.json', import.meta.url), 'utf8'));
const INSTALLER = fileURLToPath(new URL('install-debian-packages.sh', import.meta.url));

/** Installs the servers that are missing, if we may. Throws BootstrapError with code 3, which names the command to run. */
export async function ensureDebianPackages() {
  const missing = missingPackages();
  if (missing.length === 0) return;
  const names = missing.join(' ');
  if (!hasCommand('apt-get')) {
    throw new BootstrapError(3, `these servers are missing, and there is no apt-get to install them: ${names}`);
  }
  const command = await rootCommand();
  if (command === undefined) {
    throw new BootstrapError(
      3,
      [
        `Debian packages are missing: ${names}`,
        'Installing them needs root, and sudo asks for a password. Run this once, then try again:',
        `  sudo sh ${relative(process.cwd(), INSTALLER)} ${names}`,
        '(apt-get install --no-install-recommends of these packages, without starting any service)',
      ].join('\n'),
    );
  }
  console.error(`installing Debian packages: ${names}`);
  const [program, ...args] = [...command, 'sh', INSTALLER, ...missing];
  const code = await runCommand(program, args).catch((error) => error.message);
  const left = missingPackages();
  if (code !== 0 || left.length > 0) {
    throw new BootstrapError(
      3,
      `Debian packages could not be installed (${code}): ${(left.length > 0 ? left : missing).join(' ')}`,
    );
  }
}

function missingPackages() {
  return PACKAGES.filter(({ binary }) => !hasCommand(binary)).map((entry) => entry.package);
}

/** What to put before a command to run it as root without a password; `undefined` if we may not. */
async function rootCommand() {
  if (process.getuid() === 0) return [];
  if (!hasCommand('sudo')) return undefined;
  const code = await runCommand('sudo', ['-n', 'true'], { stdio: 'ignore' });
  return code === 0 ? ['sudo', '-n'] : undefined;
}
