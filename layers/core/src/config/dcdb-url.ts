import type { Credential } from '../domain/proxy.ts';
import { checkUrl } from './check-url.ts';

/** `system` and `rds` check the server's certificate: against the authorities that Node knows, or against Amazon's of RDS. */
export type DcdbTls = 'none' | 'system' | 'rds';

export interface DcdbAddress {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  /** `undefined`: the user and its password stand elsewhere. */
  readonly login: Credential | undefined;
  readonly tls: DcdbTls;
}

export const DCDB_URL_FORM = 'mysql://[user:password@]host[:port]/database[?tls=true|rds]';

const TLS: ReadonlyMap<string | undefined, DcdbTls> = new Map([
  [undefined, 'none'],
  ['false', 'none'],
  ['true', 'system'],
  ['rds', 'rds'],
]);

/** The address, or what is wrong with the URL. */
export function checkDcdbUrl(text: string): { readonly value: DcdbAddress } | { readonly problem: string } {
  const url = checkUrl(text, ['mysql'], ['tls']);
  if ('problem' in url) return url;
  const { host, port, user, password, path: database, parameters } = url.value;
  const tls = TLS.get(parameters.get('tls'));
  if (tls === undefined) return { problem: 'has a tls that is none of true, false and rds' };
  if (user === '' && password !== '') return { problem: 'has a password and no user' };
  if (!/^[^/]{1,64}$/.test(database)) return { problem: 'has no database' };
  const login = user === '' ? undefined : { user, password };
  return { value: { host, port: port ?? 3306, database, login, tls } };
}
