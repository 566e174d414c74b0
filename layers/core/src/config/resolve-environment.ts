import { isProxywatchError, messageOf, ProxywatchError } from '../domain/errors.ts';
import type { SecretSource } from '../ports/secret-source.ts';
import { configError } from './config-error.ts';
import type { Environment } from './parse-environment.ts';
import { isSecretArn, SECRET_ARN_FORM } from './secret-arn.ts';

const SCHEME = 'secretsmanager:';

/** What a reference stands for, or why it stands for nothing. */
type Resolved = { readonly value: string } | { readonly problem: string; readonly isPassing?: boolean };

/**
 * The environment with secrets in place of references to them: `secretsmanager:<arn>` is a whole secret,
 * `secretsmanager:<arn>#<key>` one text of a secret that is a JSON object. All other values stay as they are, and without a
 * reference nothing is asked for. Each secret is fetched once.
 *
 * Names every variable that cannot be resolved, and never a value, in one CONFIG_INVALID; or in one SERVICE_UNREACHABLE when
 * another attempt may go better.
 */
export async function resolveEnvironment(
  env: Environment,
  source: SecretSource,
  signal?: AbortSignal,
): Promise<Environment> {
  const secrets = new Map<string, Promise<string>>();
  const fetchSecret = (arn: string) => {
    const secret = secrets.get(arn) ?? source.fetchSecret(arn, signal);
    secrets.set(arn, secret);
    return secret;
  };
  const references = Object.entries(env).flatMap(([name, value]) =>
    value?.trim().startsWith(SCHEME) ? [[name, value.trim().slice(SCHEME.length)] as const] : [],
  );
  const resolved = await Promise.all(
    references.map(async ([name, reference]) => [name, await resolve(reference, fetchSecret)] as const),
  );
  signal?.throwIfAborted();
  throwProblems(resolved);
  return { ...env, ...Object.fromEntries(resolved.flatMap(([name, r]) => ('value' in r ? [[name, r.value]] : []))) };
}

async function resolve(reference: string, fetchSecret: (arn: string) => Promise<string>): Promise<Resolved> {
  const [, arn = '', key] = /^([^#]*)(?:#(.*))?$/s.exec(reference) ?? [];
  if (!isSecretArn(arn) || key === '')
    return { problem: `is no reference, expected ${SCHEME}${SECRET_ARN_FORM}[#<key>]` };
  try {
    const text = await fetchSecret(arn);
    return key === undefined ? { value: text } : valueAt(key, text, arn);
  } catch (error) {
    return { problem: messageOf(error), isPassing: isProxywatchError(error) && error.retryable };
  }
}

/** Messages of JSON.parse quote what they cannot read, which is the secret: none is repeated. */
function valueAt(key: string, text: string, arn: string): Resolved {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { problem: `secret ${arn} is no JSON, which "#${key}" needs` };
  }
  const isObject = typeof json === 'object' && json !== null && Object.hasOwn(json, key);
  const value: unknown = isObject ? Reflect.get(json as object, key) : undefined;
  if (typeof value === 'string' || typeof value === 'number') return { value: String(value) };
  return { problem: `secret ${arn} has no text under "${key}"` };
}

function throwProblems(resolved: readonly (readonly [string, Resolved])[]): void {
  const failed = resolved.flatMap(([name, result]) => ('problem' in result ? [{ name, ...result }] : []));
  if (failed.length === 0) return;
  const problems = failed.map(({ name, problem }) => `${name}: ${problem}`);
  if (failed.every(({ isPassing }) => isPassing !== true)) throw configError('the environment', problems);
  throw new ProxywatchError('SERVICE_UNREACHABLE', problems.join('; '), { service: 'secretsmanager' });
}
