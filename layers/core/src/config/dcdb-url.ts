import { checkFlag, checkUrl } from './check-url.ts';

export interface DcdbAddress {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  readonly tls: boolean;
}

export const DCDB_URL_FORM = 'mysql://user:password@host[:port]/database[?tls=true]';

/** The address, or what is wrong with the URL. */
export function checkDcdbUrl(text: string): { readonly value: DcdbAddress } | { readonly problem: string } {
  const url = checkUrl(text, ['mysql'], ['tls']);
  if ('problem' in url) return url;
  const { host, port, user, password, path: database, parameters } = url.value;
  const tls = checkFlag(parameters, 'tls');
  if ('problem' in tls) return tls;
  if (user === '') return { problem: 'has no user' };
  if (!/^[^/]{1,64}$/.test(database)) return { problem: 'has no database' };
  return { value: { host, port: port ?? 3306, user, password, database, tls: tls.value ?? false } };
}
