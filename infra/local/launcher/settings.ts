import { ProxywatchError } from '@proxywatch/core/domain/errors';

/** Environment variables of a run, by name. */
export type Settings = Map<string, string>;

/** A setting that an earlier step left. */
export function settingOf(settings: Settings, name: string): string {
  const value = settings.get(name);
  if (value === undefined) throw new ProxywatchError('SERVICE_START_FAILED', `${name} is not known at this step`);
  return value;
}

/** Text that both a shell and `node --env-file` read back as the same values. Throws RangeError for what neither can hold. */
export function envFileText(settings: Settings): string {
  return [...settings].map(([name, value]) => `${name}=${quoted(name, value)}\n`).join('');
}

function quoted(name: string, value: string): string {
  if (/^[\w./:@,+-]*$/.test(value)) return value;
  // Single quotes: nothing is expanded inside them by either reader.
  if (/['\n\r]/.test(value)) throw new RangeError(`${name} cannot be written to an environment file`);
  return `'${value}'`;
}

/** A URL without its password, for the screen. */
export function withoutPassword(text: string): string {
  return text.replace(/(:\/\/[^:@/]*):[^@/]*@/, '$1@');
}
