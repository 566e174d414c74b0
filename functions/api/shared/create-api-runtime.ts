import { createIamAuthenticator } from '@proxywatch/core/drivers/auth/iam-authenticator';
import { createFileJwks, createRemoteJwks } from '@proxywatch/core/drivers/auth/jwks';
import { createJwtAuthenticator } from '@proxywatch/core/drivers/auth/jwt-authenticator';
import { fetchBindingsOf } from '@proxywatch/core/drivers/dcdb/access/role-bindings';
import type { Authenticator } from '@proxywatch/core/ports/authenticator';
import type { Log } from '@proxywatch/core/ports/log';
import type { ApiRuntime } from './api-runtime.ts';
import type { ApiConfig } from './config.ts';
import { createCursorCodec } from './cursor.ts';
import { type ApiParts, createApiDeps } from './deps.ts';
import { lazily } from './lazily.ts';
import { createRoleSource } from './role-source.ts';

/** The whole of the API behind its routes. */
export function createApiRuntime(config: ApiConfig, log: Log, parts: ApiParts = {}): ApiRuntime {
  const deps = createApiDeps(config, log, parts);
  return lazily<ApiRuntime>({
    deps: () => deps,
    authenticator: () => authenticatorOf(config),
    roles: () =>
      createRoleSource({
        fetchBindings: (principal, signal) => fetchBindingsOf(deps.db, principal, signal),
        bootstrapAdmin: config.BOOTSTRAP_ADMIN,
        log,
      }),
    cursors: () => createCursorCodec(() => deps.secrets.fingerprint('key of cursors, version 1')),
  });
}

function authenticatorOf(config: ApiConfig): Authenticator {
  const { API_AUTH, JWT_ISSUER: issuer = '', JWT_AUDIENCE: audience = '', JWT_GROUPS_CLAIM: groupsClaim } = config;
  if (API_AUTH === 'iam') return createIamAuthenticator();
  const { JWT_JWKS_URL, JWT_JWKS_FILE = '' } = config;
  const keys = JWT_JWKS_URL === undefined ? createFileJwks(JWT_JWKS_FILE) : createRemoteJwks(JWT_JWKS_URL);
  return createJwtAuthenticator({ issuer, audience, keys, groupsClaim });
}
