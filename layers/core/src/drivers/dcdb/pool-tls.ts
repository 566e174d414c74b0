import { createPool, type SslOptions } from 'mysql2';
import type { DcdbTls } from '../../config/dcdb-url.ts';

/** TLS with a checked certificate of the very host that was asked for; mysql2 by itself takes that of any other one too. */
export function tlsOptions(tls: DcdbTls, ca: string | undefined): { readonly ssl?: SslOptions } {
  if (tls === 'none') return {};
  const authorities = tls === 'rds' ? rdsAuthorities() : ca;
  const checks = { verifyIdentity: true, minVersion: 'TLSv1.2' };
  return { ssl: { ...checks, ...(authorities === undefined ? {} : { ca: authorities }) } };
}

/**
 * Certificates of the authorities of RDS in all regions. mysql2 has them under a name: a package of our own with them would
 * be the same 200 kB a second time in the layer.
 */
export function rdsAuthorities(): string[] {
  const pool = createPool({ ssl: 'Amazon RDS' });
  const { ca } = (pool as unknown as PoolInternals).config.connectionConfig.ssl;
  pool.end();
  return ca;
}

interface PoolInternals {
  readonly config: { readonly connectionConfig: { readonly ssl: { readonly ca: string[] } } };
}
