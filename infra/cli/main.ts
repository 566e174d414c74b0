// npm run cli: every operation of the API from a shell, by the API's own OpenAPI document.
import { httpUrl } from '@proxywatch/core/config/address-fields';
import { exitOnConfigError } from '@proxywatch/core/config/exit-on-config-error';
import { choice, nonEmpty, secret } from '@proxywatch/core/config/fields';
import { parseEnvironment, relation } from '@proxywatch/core/config/parse-environment';
import { messageOf } from '@proxywatch/core/domain/errors';
import { z } from 'zod';
import { invalid } from './parse-arguments.ts';
import { coloursOf } from './render.ts';
import { runCli } from './run-cli.ts';
import { createSend, type Identity } from './send.ts';

const settings = z.object({
  API_URL: httpUrl(),
  /** `iam`: requests are signed with the credentials of the environment. */
  API_AUTH: choice('jwt', 'iam').default('jwt'),
  AWS_REGION: nonEmpty().optional(),
  /** Whose token is used when `--as` does not say another. */
  PROXYWATCH_TOKEN: secret().optional(),
  VIEWER_TOKEN: secret().optional(),
  OPERATOR_TOKEN: secret().optional(),
  ADMIN_TOKEN: secret().optional(),
});

const schema = settings.check(
  relation(
    ['AWS_REGION', 'API_AUTH'],
    ({ API_AUTH, AWS_REGION }) => API_AUTH !== 'iam' || AWS_REGION !== undefined,
    'not set, but API_AUTH is iam',
  ),
);

const config = exitOnConfigError(() => parseEnvironment(schema, process.env));
const isTerminal = process.stdout.isTTY && process.env.NO_COLOR === undefined;
try {
  process.exitCode = await runCli(process.argv.slice(2), {
    sendAs: (role) => createSend(config.API_URL, identityOf(role)),
    colours: coloursOf(isTerminal),
    out: (text) => console.log(text),
    err: (text) => console.error(text),
  });
} catch (error) {
  console.error(`cli: ${messageOf(error)}`);
  process.exitCode = 2;
}

function identityOf(role: string | undefined): Identity {
  const { API_AUTH, AWS_REGION: region } = config;
  if (API_AUTH === 'iam' && region !== undefined) return { kind: 'iam', region };
  const token = tokenOf(role);
  return token === undefined ? { kind: 'nobody' } : { kind: 'token', token };
}

function tokenOf(role: string | undefined): string | undefined {
  const { PROXYWATCH_TOKEN, VIEWER_TOKEN, OPERATOR_TOKEN, ADMIN_TOKEN } = config;
  if (role === undefined) return PROXYWATCH_TOKEN ?? ADMIN_TOKEN;
  const token = { viewer: VIEWER_TOKEN, operator: OPERATOR_TOKEN, admin: ADMIN_TOKEN }[role];
  if (token === undefined) throw invalid(`--as ${role}: there is no token of this role`);
  return token;
}
