import { requireRole } from '@proxywatch/core/domain/access/caller';
import type { PasswordPlugin } from '@proxywatch/core/domain/control/desired-state';
import { type ErrorCode, isProxywatchError, ProxywatchError } from '@proxywatch/core/domain/errors';
import type { Credential } from '@proxywatch/core/domain/proxy';
import type { LoginOutcome } from '@proxywatch/core/drivers/backends/try-login';
import { tryLogins } from '@proxywatch/core/drivers/backends/try-logins';
import type { AccountRecord } from '@proxywatch/core/drivers/dcdb/accounts/account-repository';
import { updatePassword } from '@proxywatch/core/drivers/dcdb/accounts/account-writes';
import { z } from 'zod';
import { type Answer, okRevised } from '#api/answer';
import type { ApiDeps } from '#api/api-deps';
import type { ApiRequest } from '#api/api-request';
import { requireRevision } from '#api/conditions';
import { dryRunQuery, flag, idParams } from '#api/fields';
import { route } from '#api/route';
import { type AccountBackend, fetchAccountBackends } from './account-backends.ts';
import { accountAnswer, clearTextPassword, plugin } from './account-fields.ts';
import { accountResource } from './account-resource.ts';
import { findAccount, lockAccount, reread } from './find-account.ts';
import { readPassword } from './password-input.ts';

const LOGIN_TIMEOUT_MS = 3_000;
/** More would take longer than a request may. */
const MAX_BACKENDS = 128;

export const rotatePassword = route({
  module: 'accounts',
  method: 'POST',
  path: '/v1/accounts/{id}/actions/rotate-password',
  operationId: 'rotateAccountPassword',
  summary: 'Gives an account another password',
  description:
    'Proxies log in to the back ends with the password of the account, so the back ends must take the new one before the ' +
    'proxies get it: it is tried on every back end of the hostgroups of the account first. `verify: false` leaves that out, ' +
    'which needs the role `admin` and a reason. Tries that are refused, and dry runs, are in the audit. The proxies have it once a plan of the namespace was applied.',
  role: 'operator',
  params: idParams,
  query: dryRunQuery,
  body: z.strictObject({
    password: clearTextPassword(),
    plugin: plugin.optional().meta({ description: 'the one that the account has, if it is not given' }),
    verify: flag().optional(),
  }),
  example: { password: 'another long secret' },
  answers: {
    200: { description: 'the account', schema: accountAnswer },
    404: { description: 'there is no such account, or none that the caller may see' },
    409: { description: 'back ends do not take the new password, as `errors` tells one by one, or none is known' },
    422: { description: '`verify: false` without a reason' },
    502: { description: 'the database configuration service answered what it must not' },
  },
  async handle(deps, request) {
    const { params, dryRun } = request;
    const account = await findAccount(deps.db, params.id, 'operator', request);
    const { namespace } = account;
    // Whoever tries passwords out on back ends leaves a trace.
    const trace = (action: string, after: object) =>
      request.note({ action, resourceType: 'account', resourceId: params.id, namespace, after });
    let answer: Answer;
    try {
      answer = await rotate(deps, request, account);
    } catch (error) {
      if (isProxywatchError(error) && REFUSALS.includes(error.code)) {
        await trace('rotate-password-refused', { outcome: 'refused', dryRun, code: error.code, why: error.message });
      }
      throw error;
    }
    if (dryRun) await trace('rotate-password-tried', { outcome: 'accepted', dryRun });
    return answer;
  },
});

/** Of those that are forbidden the log tells, and of what is away there was no try. */
const REFUSALS: readonly ErrorCode[] = ['CONFLICT', 'UNPROCESSABLE', 'STALE', 'PROXY_UNSUPPORTED'];

interface RotateBody {
  readonly password: string;
  readonly plugin?: PasswordPlugin | undefined;
  readonly verify?: boolean | undefined;
}

async function rotate(
  deps: ApiDeps,
  request: ApiRequest<{ readonly id: string }, unknown, RotateBody>,
  account: AccountRecord,
): Promise<Answer> {
  const { body, params, signal, caller } = request;
  requireRevision(request.ifMatch, account.revision);
  if (body.verify === false) {
    requireRole(caller, 'admin', account.namespace, `account ${params.id}`);
    if (request.reason === '') throw missingReason();
  } else {
    const backends = await fetchAccountBackends(deps, account, signal);
    await requireLogins(backends, { user: account.spec.username, password: body.password }, signal);
  }
  const wanted = { password: body.password, plugin: body.plugin ?? account.spec.password.plugin };
  const password = await readPassword(deps.secrets, wanted, signal);
  return request.change(async (tx, audit) => {
    const before = await lockAccount(tx, params.id, 'operator', request);
    if (before.spec.defaultHostgroup !== account.spec.defaultHostgroup) {
      throw new ProxywatchError('CONFLICT', 'the account was given another hostgroup while the password was tried');
    }
    await updatePassword(tx, params.id, password, signal);
    const after = accountResource(await reread(tx, params.id, signal));
    audit({
      action: 'rotate-password',
      resourceType: 'account',
      resourceId: params.id,
      namespace: before.namespace,
      before: accountResource(before),
      after: { ...after, verified: body.verify !== false },
    });
    return okRevised(after);
  });
}

/** Throws CONFLICT unless all of them let the credential in. Callers are operators of the namespace: they may see its servers. */
async function requireLogins(
  backends: readonly AccountBackend[],
  credential: Credential,
  signal: AbortSignal,
): Promise<void> {
  if (backends.length === 0) {
    throw new ProxywatchError('CONFLICT', 'no back end of the account is known, so that its password cannot be tried');
  }
  if (backends.length > MAX_BACKENDS) {
    throw new ProxywatchError('CONFLICT', `the account has ${backends.length} back ends, ${MAX_BACKENDS} can be tried`);
  }
  const options = { timeoutMs: LOGIN_TIMEOUT_MS, signal };
  const plain = backends.map((backend) => ({ ...backend, useTls: backend.useTls ?? false }));
  const first = await tryLogins(plain, credential, options);
  // Where only the proxy knows whether the server wants TLS, a refusal may mean just that.
  const again = first.flatMap(({ outcome }, i) => {
    const backend = backends[i];
    const isUnsure = backend !== undefined && backend.useTls === undefined;
    return outcome.kind === 'refused' && isUnsure ? [{ ...backend, useTls: true }] : [];
  });
  const second = await tryLogins(again, credential, options);
  const isIn = new Set([...first, ...second].filter(({ outcome }) => outcome.kind === 'accepted').map(addressOf));
  const refusals = first.filter((tried) => !isIn.has(addressOf(tried)));
  if (refusals.length === 0) return;
  const count = `${refusals.length} of ${backends.length} back ends`;
  throw new ProxywatchError('CONFLICT', `${count} do not take the new password; change it there first`, {
    problems: refusals.map((tried) => ({
      pointer: '/password',
      message: `${addressOf(tried)} ${wordsOf(tried.outcome)}`,
    })),
  });
}

function addressOf({ target: { host, port } }: { target: { host: string; port: number } }): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

function wordsOf(outcome: LoginOutcome): string {
  if (outcome.kind === 'refused') return `refuses it with error ${outcome.errno}`;
  if (outcome.kind === 'accepted') return 'takes it';
  return { unreachable: 'cannot be reached', timeout: 'did not answer in time', protocol: 'speaks no MySQL' }[
    outcome.reason
  ];
}

function missingReason(): ProxywatchError {
  return new ProxywatchError('UNPROCESSABLE', 'a password that no back end was asked about needs a reason', {
    problems: [{ pointer: 'x-reason', message: 'missing' }],
  });
}
