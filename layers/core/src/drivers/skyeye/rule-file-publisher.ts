import { randomUUID } from 'node:crypto';
import { chmod, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { isProxywatchError } from '../../domain/errors.ts';
import type { AlertRulePublisher } from '../../ports/skyeye.ts';
import { ruleFileText } from './rule-file.ts';
import { networkReason, refused, tellable, unprocessable, unreachable } from './skyeye-error.ts';

export interface RuleFilePublisherOptions {
  /** One that the server's configuration names under `rule_files`; it belongs to us alone. */
  readonly file: string;
  /** `http://…/-/reload` of a Prometheus that was started with `--web.enable-lifecycle`. */
  readonly reloadUrl: string;
  /** Longest that reloading may take. @default 5000 */
  readonly timeoutMs?: number;
}

const MAX_REASON_BYTES = 10_000;

/**
 * Writes the rules to a file beside the server and has it read. A file that the server refuses is put back as it was, so
 * that it still starts; it goes on with the rules that it has either way.
 */
export function createRuleFilePublisher(options: RuleFilePublisherOptions): AlertRulePublisher {
  const { file } = options;
  let last: Promise<unknown> = Promise.resolve();

  async function publishNow(text: string, signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    const before = await readFile(file, 'utf8').catch(() => undefined);
    await replace(file, text).catch((error: unknown) => {
      throw unreachable(`the rule file cannot be written: ${networkReason(error)}`);
    });
    const answer = await reload(options, signal);
    if (answer === undefined) return;
    if (before !== undefined) await replace(file, before).catch(() => undefined);
    throw unprocessable(answer);
  }

  return {
    publish(rules, signal) {
      // One after the other: a file that is put back must not undo what another call has written since.
      const publishing = last.then(() => publishNow(ruleFileText(rules), signal));
      last = publishing.catch(() => undefined);
      return publishing;
    },
  };
}

/** What the server says against the file; `undefined` when it has taken it. */
async function reload(
  { reloadUrl, timeoutMs = 5_000 }: RuleFilePublisherOptions,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  const limit = AbortSignal.timeout(timeoutMs);
  try {
    const response = await fetch(reloadUrl, {
      method: 'POST',
      redirect: 'manual',
      signal: signal === undefined ? limit : AbortSignal.any([signal, limit]),
    });
    const reason = await beginningOf(response);
    if (response.ok) return undefined;
    if (response.status === 500) return tellable(reason);
    throw refused(`it answered ${response.status} to a reload`);
  } catch (error) {
    signal?.throwIfAborted();
    if (limit.aborted) throw unreachable(`no answer to a reload within ${timeoutMs} ms`);
    throw isProxywatchError(error) ? error : unreachable(networkReason(error));
  }
}

async function beginningOf(response: Response): Promise<string> {
  let text = '';
  for await (const chunk of response.body ?? []) {
    text += Buffer.from(chunk).toString('utf8');
    if (text.length > MAX_REASON_BYTES) break;
  }
  return text;
}

/** At once: a server that reads meanwhile sees the one or the other. */
async function replace(file: string, text: string): Promise<void> {
  const draft = `${file}.${randomUUID()}.tmp`;
  try {
    await writeFile(draft, text);
    // The server may run under another account; nothing in it is a secret.
    await chmod(draft, 0o644);
    await rename(draft, file);
  } finally {
    await rm(draft, { force: true });
  }
}
