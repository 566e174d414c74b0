import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseExposition, type Sample } from '../unit/functions/gateway/exposition/strict-parser.ts';

const MAIN = fileURLToPath(new URL('../../functions/gateway/main.ts', import.meta.url));

export interface GatewayProcess {
  readonly url: string;
  scrape(path?: string): Promise<readonly Sample[]>;
  kill(signal: NodeJS.Signals): void;
  /** The exit code once it is gone; null when a signal ended it. */
  readonly exited: Promise<number | null>;
  /** What it wrote on stderr so far. */
  output(): string;
}

/** The gateway's own program as a child, with nothing but the given environment. */
export function spawnGateway(env: Readonly<Record<string, string>>) {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN], {
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const lines: string[] = [];
  const reader = createInterface(child.stderr);
  reader.on('line', (line) => lines.push(line));
  return {
    reader,
    kill: (signal: NodeJS.Signals) => void child.kill(signal),
    exited: once(child, 'close').then(([code]) => code as number | null),
    output: () => lines.join('\n'),
  };
}

/** The same, once it listens. Throws with its output when it ends instead. */
export async function startGatewayProcess(env: Readonly<Record<string, string>>): Promise<GatewayProcess> {
  const { reader, kill, exited, output } = spawnGateway({ GATEWAY_PORT: '0', ...env });
  const listening = Promise.withResolvers<number>();
  reader.on('line', (line) => {
    const entry = line.startsWith('{') ? JSON.parse(line) : {};
    if (entry.event === 'listening') listening.resolve(entry.port);
  });
  void exited.then((code) => listening.reject(new Error(`the gateway ended with ${code}: ${output()}`)));
  const url = `http://127.0.0.1:${await listening.promise}`;
  return {
    url,
    kill,
    exited,
    output,
    async scrape(path = '/metrics') {
      const response = await fetch(`${url}${path}`);
      if (response.status !== 200) throw new Error(`${path} answered ${response.status}`);
      return parseExposition(await response.text(), 'text').samples;
    },
  };
}
