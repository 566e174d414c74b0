import { z } from 'zod';
import { parseJson } from '../../config/parse-json.ts';
import type { Credential } from '../../domain/proxy.ts';
import type { SecretSource } from '../../ports/secret-source.ts';

/** Who logs in to the DCDB, where the password may become another one while connections are open. */
export interface LoginSource {
  /** The one that worked last; fetched by whoever is the first to need it. */
  fetchLogin(): Promise<Credential>;
  /** The one after `denied`, which the server refused: fetched anew, once for all that were refused with it. */
  fetchNext(denied: Credential): Promise<Credential>;
}

/** As RDS writes it when it rotates a password, with more beside it. */
const loginSecret = z.object({ username: z.string().min(1, { error: 'empty' }), password: z.string() });

/** The login in a secret. Rejects as the source does, or with CONFIG_INVALID for a secret of another form. */
export function createSecretLogin(arn: string, secrets: SecretSource): LoginSource {
  let known: Credential | undefined;
  let fetching: Promise<Credential> | undefined;

  async function fetchSecret(): Promise<Credential> {
    try {
      const { username, password } = parseJson(loginSecret, await secrets.fetchSecret(arn), `secret ${arn}`);
      known = { user: username, password };
      return known;
    } finally {
      fetching = undefined;
    }
  }
  const fetchAnew = () => {
    fetching ??= fetchSecret();
    return fetching;
  };

  return {
    fetchLogin: async () => known ?? fetchAnew(),
    // Another connection may have been refused before, and have fetched it.
    fetchNext: async (denied) => (known === undefined || known === denied ? fetchAnew() : known),
  };
}
