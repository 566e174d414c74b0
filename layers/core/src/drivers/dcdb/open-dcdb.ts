import { configError } from '../../config/config-error.ts';
import type { DcdbSettings } from '../../config/dcdb-settings.ts';
import type { SecretSource } from '../../ports/secret-source.ts';
import { createDcdb, type Dcdb, type DcdbOptions } from './create-dcdb.ts';
import { createSecretLogin } from './login-source.ts';

/**
 * The DCDB that the settings name, which logs in as DCDB_URL says or as the secret of DCDB_SECRET_ARN does at that moment.
 * Connects, and asks for the secret, at the first statement. Throws CONFIG_INVALID.
 */
export function openDcdb(
  { DCDB_URL, DCDB_SECRET_ARN }: DcdbSettings,
  secrets: SecretSource,
  options: Omit<DcdbOptions, 'login'> = {},
): Dcdb {
  if (DCDB_URL === undefined) throw configError('the environment', ['DCDB_URL: not set']);
  const login = DCDB_SECRET_ARN === undefined ? {} : { login: createSecretLogin(DCDB_SECRET_ARN, secrets) };
  return createDcdb(DCDB_URL, { ...options, ...login });
}
