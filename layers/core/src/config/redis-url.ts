import { checkFlag, checkUrl } from './check-url.ts';

export interface RedisAddress {
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
  readonly user: string | undefined;
  readonly password: string | undefined;
  readonly database: number;
  /** `undefined`: ask the server. */
  readonly cluster: boolean | undefined;
}

export const REDIS_URL_FORM = 'redis://[user:password@]host[:port][/database][?cluster=true|false], rediss:// for TLS';

/** The address, or what is wrong with the URL. */
export function checkRedisUrl(text: string): { readonly value: RedisAddress } | { readonly problem: string } {
  const url = checkUrl(text, ['redis', 'rediss'], ['cluster']);
  if ('problem' in url) return url;
  const { scheme, host, port, user, password, path, parameters } = url.value;
  const cluster = checkFlag(parameters, 'cluster');
  if ('problem' in cluster) return cluster;
  if (!/^\d{0,4}$/.test(path)) return { problem: 'has a database that is no number' };
  return {
    value: {
      host,
      port: port ?? 6379,
      tls: scheme === 'rediss',
      user: user === '' ? undefined : user,
      password: password === '' ? undefined : password,
      database: Number(path),
      cluster: cluster.value,
    },
  };
}
