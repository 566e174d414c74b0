// npm run cli: every operation of the API from a shell, by the API's own OpenAPI document.
import { httpUrl } from '@proxywatch/core/config/address-fields';
import { exitOnConfigError } from '@proxywatch/core/config/exit-on-config-error';
import { secret } from '@proxywatch/core/config/fields';
import { parseEnvironment } from '@proxywatch/core/config/parse-environment';
import { messageOf } from '@proxywatch/core/domain/errors';
import { z } from 'zod';
import { invalid } from './parse-arguments.ts';
import { coloursOf } from './render.ts';
import { runCli } from './run-cli.ts';
import { createSend } from './send.ts';

const schema = z.object({
  API_URL: httpUrl(),
  /** Whose token is used when `--as` does not say another. */
  PROXYWATCH_TOKEN: secret().optional(),
  VIEWER_TOKEN: secret().optional(),
  OPERATOR_TOKEN: secret().optional(),
  ADMIN_TOKEN: secret().optional(),
});

const config = exitOnConfigError(() => parseEnvironment(schema, process.env));
const isTerminal = process.stdout.isTTY && process.env.NO_COLOR === undefined;
try {
  process.exitCode = await runCli(process.argv.slice(2), {
    sendAs: (role) => createSend(config.API_URL, tokenOf(role)),
    colours: coloursOf(isTerminal),
    out: (text) => console.log(text),
    err: (text) => console.error(text),
  });
} catch (error) {
  console.error(`cli: ${messageOf(error)}`);
  process.exitCode = 2;
}

function tokenOf(role: string | undefined): string | undefined {
  const { PROXYWATCH_TOKEN, VIEWER_TOKEN, OPERATOR_TOKEN, ADMIN_TOKEN } = config;
  if (role === undefined) return PROXYWATCH_TOKEN ?? ADMIN_TOKEN;
  const token = { viewer: VIEWER_TOKEN, operator: OPERATOR_TOKEN, admin: ADMIN_TOKEN }[role];
  if (token === undefined) throw invalid(`--as ${role}: there is no token of this role`);
  return token;
}
