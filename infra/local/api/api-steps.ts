import { randomBytes } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROLES } from '@proxywatch/core/domain/access/role';
import { createDcdb } from '@proxywatch/core/drivers/dcdb/create-dcdb';
import type { LocalConfig } from '../config.ts';
import { nodeProcess } from '../launcher/parts.ts';
import { answersHttp, printsReadyLine } from '../launcher/ready-checks.ts';
import { type Settings, settingOf } from '../launcher/settings.ts';
import type { Step } from '../launcher/steps.ts';
import { bindLocalGroups, localGroup } from '../tokens/local-roles.ts';
import { createTokenKeys, LOCAL_AUDIENCE, LOCAL_ISSUER, signToken } from '../tokens/token-keys.ts';

const TOKEN_LIFETIME_S = 12 * 3_600;
/** Kept from run to run, unlike everything else: what it sealed may stand in a DCDB that outlives us. */
const SECRET_KEY = 'secret.key';

/** The database configuration service, the issuer of tokens, and the API itself. */
export function apiSteps(root: string, config: LocalConfig): readonly Step[] {
  return [
    ...(config.DBCONFIG_URL === undefined
      ? [databaseConfig(root, config)]
      : [givenDatabaseConfig(config.DBCONFIG_URL)]),
    tokens,
    api(root, config),
  ];
}

function databaseConfig(root: string, { DBCONFIG_PORT }: LocalConfig): Step {
  const url = `http://127.0.0.1:${DBCONFIG_PORT}`;
  return nodeProcess(root, {
    name: 'dbconfig',
    command: ['infra/local/dbconfig/main.ts'],
    ready: printsReadyLine,
    respawn: true,
    ports: [{ port: DBCONFIG_PORT, variable: 'DBCONFIG_PORT' }],
    detail: url,
    env: ({ settings }) => ({
      DBCONFIG_PORT: `${DBCONFIG_PORT}`,
      LAB_BACKEND_URL: settingOf(settings, 'LAB_BACKEND_URL'),
    }),
    settings: () => ({ DBCONFIG_URL: url }),
  });
}

function givenDatabaseConfig(url: string): Step {
  return {
    name: 'dbconfig',
    async start({ settings }) {
      settings.set('DBCONFIG_URL', url);
      return { detail: `${url}, as given by DBCONFIG_URL` };
    },
  };
}

/** Keys that live as long as the run, and a token of each role. */
const tokens: Step = {
  name: 'tokens',
  async start({ settings, folder }) {
    const { privateJwk, jwks } = await createTokenKeys();
    settings.set('TOKEN_KEY_FILE', folder.put('token-key.json', privateJwk));
    settings.set('JWT_JWKS_FILE', folder.put('jwks.json', jwks));
    settings.set('JWT_ISSUER', LOCAL_ISSUER);
    settings.set('JWT_AUDIENCE', LOCAL_AUDIENCE);
    settings.set('BOOTSTRAP_ADMIN', `group:${localGroup('admin')}`);
    settings.set('SECRET_KEY_FILE', secretKeyIn(folder.path));
    const db = createDcdb(settingOf(settings, 'DCDB_URL'), { maxConnections: 1 });
    try {
      await bindLocalGroups(db);
    } finally {
      await db.destroy();
    }
    for (const role of ROLES) {
      const claims = { sub: `local-${role}`, groups: [localGroup(role)], lifetimeS: TOKEN_LIFETIME_S };
      settings.set(`${role.toUpperCase()}_TOKEN`, await signToken(privateJwk, claims));
    }
    return { detail: `${ROLES.join(', ')}: npm run token -- --role <role>` };
  },
};

function api(root: string, { API_PORT }: LocalConfig): Step {
  const url = `http://127.0.0.1:${API_PORT}`;
  return nodeProcess(root, {
    name: 'api',
    command: ['infra/local/api/main.ts'],
    ready: answersHttp(`${url}/healthz`),
    // As Lambda starts another.
    respawn: true,
    ports: [{ port: API_PORT, variable: 'API_PORT' }],
    detail: `${url}/docs`,
    settings: () => ({ API_URL: url }),
    env: ({ settings }) => ({ ...given(settings, API_SETTINGS), API_PORT: `${API_PORT}` }),
  });
}

/** What the API reads of what the run found out; the rest of its environment is ours. */
const API_SETTINGS = [
  'DCDB_URL',
  'REDIS_URL',
  'SKYEYE_URL',
  'DBCONFIG_URL',
  'PROXY_CREDENTIALS_FILE',
  'JWT_ISSUER',
  'JWT_AUDIENCE',
  'JWT_JWKS_FILE',
  'BOOTSTRAP_ADMIN',
  'SECRET_KEY_FILE',
  'ALERT_RULES_FILE',
  'SKYEYE_RELOAD_URL',
] as const;

function given(settings: Settings, names: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = settings.get(name);
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

function secretKeyIn(folder: string): string {
  const file = join(folder, SECRET_KEY);
  if (!existsSync(file)) writeFileSync(file, `${randomBytes(32).toString('base64')}\n`, { mode: 0o600, flag: 'wx' });
  return file;
}
