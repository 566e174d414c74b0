import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('emulator/calls.py', import.meta.url));
const TIME_LIMIT_MS = 120_000;

/** Operations of AWS by their names in boto3, of services that the project has no client of. */
export interface AwsCalls {
  /** Rejects with what AWS answers when it refuses. */
  call<T = Answer>(service: string, operation: string, parameters?: object): Promise<T>;
  close(): void;
}

// biome-ignore lint/suspicious/noExplicitAny: answers of AWS are looked at by tests alone
export type Answer = Record<string, any>;

/** A process of Python that takes one call after the other. */
export function openAwsCalls(python: string, environment: Readonly<Record<string, string>>): AwsCalls {
  const child = spawn(python, [PROGRAM], {
    env: { ...process.env, ...environment },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  let last: Promise<unknown> = Promise.resolve();

  async function ask(request: unknown): Promise<never> {
    child.stdin.write(`${JSON.stringify(request)}\n`);
    const timer = setTimeout(() => child.kill(), TIME_LIMIT_MS);
    const { value, done } = await lines.next().finally(() => clearTimeout(timer));
    if (done === true) throw new Error('the process that calls AWS has ended');
    const { answer, error } = JSON.parse(value);
    if (error !== undefined) throw new Error(error);
    return answer as never;
  }

  return {
    call(service, operation, parameters = {}) {
      const next = last.then(() => ask([service, operation, parameters]));
      last = next.catch(() => undefined);
      return next;
    },
    close: () => child.stdin.end(),
  };
}
