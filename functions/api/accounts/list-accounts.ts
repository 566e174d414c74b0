import { PASSWORD_PLUGINS } from '@proxywatch/core/domain/control/desired-state';
import { ACCOUNT_COLUMNS, accountOf, expiredNow } from '@proxywatch/core/drivers/dcdb/accounts/account-row';
import { type ListSpec, listAnswer, listPage, listQuery, whereNamespace } from '#api/list';
import { route } from '#api/route';
import { accountAnswer } from './account-fields.ts';
import { accountResource } from './account-resource.ts';

export const accountsList: ListSpec = {
  name: 'accounts',
  fields: {
    username: { column: 'accounts.username', type: 'string', sortable: true },
    namespace: { column: 'accounts.namespace', type: 'string', sortable: true },
    plugin: { column: 'accounts.plugin', type: 'string', values: PASSWORD_PLUGINS, ops: ['eq', 'ne', 'in'] },
    defaultHostgroup: { column: 'accounts.default_hostgroup', type: 'number' },
    defaultSchema: { column: 'accounts.default_schema', type: 'string', nullable: true },
    access: { column: 'accounts.access', type: 'string', values: ['rw', 'ro'], ops: ['eq', 'ne', 'in'] },
    active: { column: 'accounts.active', type: 'boolean' },
    owner: { column: 'accounts.owner', type: 'string' },
    comment: { column: 'accounts.comment', type: 'string', ops: ['like'] },
    expiresAt: { column: 'accounts.expires_at', type: 'time', nullable: true },
    passwordChangedAt: { column: 'accounts.password_changed_at', type: 'time', sortable: true },
    createdAt: { column: 'accounts.created_at', type: 'time', sortable: true },
    updatedAt: { column: 'accounts.updated_at', type: 'time', sortable: true },
  },
  defaultSort: 'username',
  key: { field: 'id', column: 'accounts.id' },
};

export const listAccounts = route({
  module: 'accounts',
  method: 'GET',
  path: '/v1/accounts',
  operationId: 'listAccounts',
  summary: 'Accounts of the namespaces that the caller may see',
  role: 'viewer',
  query: listQuery(accountsList),
  answers: { 200: { description: 'a page of accounts', schema: listAnswer(accountAnswer) } },
  handle({ db }, request) {
    const accounts = db.selectFrom('accounts').select(ACCOUNT_COLUMNS).select(expiredNow);
    const visible = whereNamespace(accounts, 'accounts.namespace', request.caller);
    return listPage(accountsList, request, visible, (rows) => rows.map((row) => accountResource(accountOf(row))));
  },
});
