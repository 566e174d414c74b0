import { mysqlUrl } from './address-fields.ts';
import { checkDcdbUrl } from './dcdb-url.ts';
import { relation } from './parse-environment.ts';
import { secretArn } from './secret-arn.ts';

export interface DcdbSettings {
  readonly DCDB_URL?: string | undefined;
  readonly DCDB_SECRET_ARN?: string | undefined;
}

/** Where the DCDB is: to spread into a schema whose `.check` gets what `oneDcdbLogin` holds too. */
export const dcdbSettings = {
  DCDB_URL: mysqlUrl(),
  /** Secret with {"username", "password"}, which may rotate; instead of a user in DCDB_URL. */
  DCDB_SECRET_ARN: secretArn().optional(),
};

/** The URL names a user, or a secret does. */
export const oneDcdbLogin = [
  of((url, secret) => url === undefined || secret || hasUser(url), 'has no user: name one, or set DCDB_SECRET_ARN'),
  of((url, secret) => url === undefined || !secret || !hasUser(url), 'has a user, but DCDB_SECRET_ARN is set'),
  of((url, secret) => url !== undefined || !secret, 'not set, but DCDB_SECRET_ARN is'),
] as const;

function of(holds: (url: string | undefined, hasSecret: boolean) => boolean, message: string) {
  return relation<DcdbSettings, keyof DcdbSettings>(
    ['DCDB_URL', 'DCDB_SECRET_ARN'],
    (env) => holds(env.DCDB_URL, env.DCDB_SECRET_ARN !== undefined),
    message,
  );
}

function hasUser(url: string): boolean {
  const checked = checkDcdbUrl(url);
  return 'value' in checked && checked.value.login !== undefined;
}
