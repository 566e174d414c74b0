import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { temporaryFolder } from './temporary-folder.ts';

const BOOTSTRAP = fileURLToPath(new URL('../../infra/local/bootstrap', import.meta.url));

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A checkout with nothing but the bootstrap in it, on a machine of fake commands that note how they were called. */
export function bootstrapCheckout() {
  const root = temporaryFolder();
  const bin = join(root, 'bin');
  const calls = join(root, 'calls');
  const policy = join(root, 'policy-rc.d');
  const systemd = join(root, 'systemd');
  cpSync(BOOTSTRAP, join(root, 'infra/local/bootstrap'), { recursive: true });

  const write = (path: string, text: string, mode = 0o644) => {
    const file = join(root, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    chmodSync(file, mode);
  };
  const fake = (name: string, script = '') =>
    write(`bin/${name}`, `#!/bin/sh\necho "${name} $*" >>'${calls}'\n${script}\n`, 0o755);

  write('package-lock.json', '{"packages":{"node_modules/node":{"version":"24.0.0"}}}');
  write('pinned-node', `#!/bin/sh\necho pinned >>'${calls}'\nexec '${process.execPath}' "$@"\n`, 0o755);
  fake(
    'npm',
    `mkdir -p '${root}/node_modules/node/bin' && cp '${root}/pinned-node' '${root}/node_modules/node/bin/node'`,
  );
  write(
    'infra/local/bootstrap/debian-packages.json',
    '[{"package":"shop-server","binary":"shopd"},{"package":"till","binary":"till"}]',
  );
  fake('dpkg', 'echo /lib/systemd/system/shop.service; echo /lib/systemd/system/shop@.service; echo /usr/bin/shopd');
  fake('systemctl');

  function start(args: readonly string[], { uid = 0, env = {} }: { uid?: number; env?: NodeJS.ProcessEnv } = {}) {
    const preload = `data:text/javascript,process.getuid=()=>${uid}`;
    const { npm_lifecycle_event: _, ...outer } = process.env;
    return spawn(process.execPath, ['--import', preload, 'infra/local/bootstrap/run.mjs', ...args], {
      cwd: root,
      env: { ...outer, PATH: `${bin}:/usr/bin:/bin`, POLICY_RC_D: policy, SYSTEMD_RUNNING: systemd, ...env },
    });
  }

  return {
    root,
    policy,
    systemd,
    write,
    fake,
    start,
    run: (args: readonly string[], options?: Parameters<typeof start>[1]) => outcomeOf(start(args, options)),
    /** How the fake commands were called, in order. */
    calls: () => (existsSync(calls) ? readFileSync(calls, 'utf8').trimEnd().split('\n') : []),
    /** apt-get that installs both servers. */
    fakeApt: (more = '') =>
      fake(
        'apt-get',
        `${more}\ncase "$*" in *simulate*) ;; install*) cat "$POLICY_RC_D" >>'${root}/policy-seen'; cp '${bin}/dpkg' '${bin}/shopd'; cp '${bin}/dpkg' '${bin}/till' ;; esac`,
      ),
  };
}

async function outcomeOf(child: ChildProcess): Promise<Outcome> {
  let [stdout, stderr] = ['', ''];
  child.stdout?.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr?.on('data', (chunk) => {
    stderr += chunk;
  });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, stdout, stderr };
}
