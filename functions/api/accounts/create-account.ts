import { randomUUID } from 'node:crypto';
import { requireRole } from '@proxywatch/core/domain/access/caller';
import { ProxywatchError } from '@proxywatch/core/domain/errors';
import { insertAccount, type NewPassword } from '@proxywatch/core/drivers/dcdb/accounts/account-writes';
import { fetchNamespaceSpec } from '@proxywatch/core/drivers/dcdb/namespaces/namespace-specs';
import { parsePasswordForm } from '@proxywatch/core/drivers/proxysql/control/password-hash';
import { z } from 'zod';
import { type Answer, created } from '#api/answer';
import type { ApiDeps } from '#api/api-deps';
import type { ApiRequest } from '#api/api-request';
import { dryRunQuery, identifier } from '#api/fields';
import { route } from '#api/route';
import {
  ACCOUNT_DEFAULTS,
  accountAnswer,
  accountFields,
  clearTextPassword,
  hashedPassword,
  plugin,
  username,
} from './account-fields.ts';
import { accountResource } from './account-resource.ts';
import { reread } from './find-account.ts';
import { readPassword } from './password-input.ts';

const { defaultHostgroup, ...optionalFields } = accountFields;

export const newAccount = z
  .strictObject({
    namespace: identifier(),
    username: username(),
    password: clearTextPassword().optional(),
    passwordHash: hashedPassword().optional(),
    plugin: plugin.optional(),
    defaultHostgroup,
    ...z.object(optionalFields).partial().shape,
  })
  .superRefine(({ password, passwordHash, plugin: wanted }, ctx) => {
    if ((password === undefined) === (passwordHash === undefined)) {
      ctx.addIssue({ code: 'custom', path: ['password'], message: 'expected either password or passwordHash' });
    }
    const form = passwordHash === undefined ? undefined : parsePasswordForm(passwordHash);
    if (form?.kind === 'hash' && wanted !== undefined && form.password.plugin !== wanted) {
      ctx.addIssue({ code: 'custom', path: ['plugin'], message: `the hash is of ${form.password.plugin}` });
    }
  });
export type NewAccountBody = z.output<typeof newAccount>;

export const createAccount = route({
  module: 'accounts',
  method: 'POST',
  path: '/v1/accounts',
  operationId: 'createAccount',
  summary: 'Creates an account',
  description: 'It is on the proxies of the namespace once a plan of the namespace was applied.',
  role: 'operator',
  query: dryRunQuery,
  body: newAccount,
  example: {
    namespace: 'shop',
    username: 'checkout',
    password: 'a long secret',
    defaultHostgroup: 10,
    defaultSchema: 'shop',
    owner: 'team checkout',
  },
  answers: {
    201: { description: 'the account', schema: accountAnswer },
    200: { description: 'dry run: what it would be', schema: accountAnswer },
    404: { description: 'there is no such namespace that the caller may see' },
    409: { description: 'the namespace has an account of that name' },
    422: { description: 'there is no such namespace' },
  },
  async handle(deps, request) {
    requireRole(request.caller, 'operator', request.body.namespace, `namespace ${request.body.namespace}`);
    return addAccount(deps, request, request.body);
  },
});

type Changing = Pick<ApiRequest<unknown, unknown, unknown>, 'change' | 'signal'>;

/** Whoever calls has made sure of the caller's role in the namespace. */
export async function addAccount(deps: ApiDeps, request: Changing, body: NewAccountBody): Promise<Answer> {
  const password = await readPassword(deps.secrets, body, request.signal);
  return request.change(async (tx, audit) => {
    if ((await fetchNamespaceSpec(tx, body.namespace, request.signal)) === undefined) {
      throw new ProxywatchError('UNPROCESSABLE', `there is no namespace ${body.namespace}`, {
        problems: [{ pointer: '/namespace', message: 'there is no such namespace' }],
      });
    }
    const id = randomUUID();
    await insertAccount(tx, newRow(id, body, password), request.signal);
    const account = accountResource(await reread(tx, id, request.signal));
    audit({ action: 'create', resourceType: 'account', resourceId: id, namespace: body.namespace, after: account });
    return created(`/v1/accounts/${id}`, account);
  });
}

function newRow(id: string, body: NewAccountBody, password: NewPassword) {
  const { password: _, passwordHash: __, plugin: ___, ...fields } = body;
  return { ...ACCOUNT_DEFAULTS, ...fields, ...password, id };
}
