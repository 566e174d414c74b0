import { readFileSync } from 'node:fs';

/** The system account a server runs as. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/**
 * The first of the named accounts that exists, when this process is root; `undefined` for an ordinary user, whose
 * children need no other account. `nobody` is always tried last.
 */
export function unprivilegedAccount(names: readonly string[], passwd = '/etc/passwd'): Account | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const lines = readFileSync(passwd, 'utf8').split('\n');
  for (const name of [...names, 'nobody']) {
    const fields = lines.find((line) => line.startsWith(`${name}:`))?.split(':');
    if (fields?.[2] !== undefined && fields[3] !== undefined) return { uid: Number(fields[2]), gid: Number(fields[3]) };
  }
  return undefined;
}
