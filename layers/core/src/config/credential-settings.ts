import { credentialsFile } from './credentials-file.ts';
import { jsonFile } from './json-file-field.ts';
import { relation } from './parse-environment.ts';
import { secretArns } from './secret-arn.ts';

export interface CredentialSettings {
  readonly PROXY_CREDENTIALS_FILE?: string | undefined;
  readonly PROXY_CREDENTIALS_SECRETS?: readonly string[] | undefined;
}

/** Where the credentials of proxies are: to spread into a schema whose `.check` gets what `oneCredentialSource` holds too. */
export const credentialSettings = {
  /** JSON: reference → {"user", "password"}. */
  PROXY_CREDENTIALS_FILE: jsonFile(credentialsFile).optional(),
  /** ARNs of secrets of the same form. */
  PROXY_CREDENTIALS_SECRETS: secretArns().optional(),
};

/** Exactly one of the two. */
export const oneCredentialSource = [
  of((file, secrets) => file || secrets, 'not set: set either this or PROXY_CREDENTIALS_SECRETS'),
  of((file, secrets) => !(file && secrets), 'set either this or PROXY_CREDENTIALS_SECRETS, not both'),
] as const;

function of(holds: (file: boolean, secrets: boolean) => boolean, message: string) {
  return relation<CredentialSettings, keyof CredentialSettings>(
    ['PROXY_CREDENTIALS_FILE', 'PROXY_CREDENTIALS_SECRETS'],
    (env) => holds(env.PROXY_CREDENTIALS_FILE !== undefined, env.PROXY_CREDENTIALS_SECRETS !== undefined),
    message,
  );
}
