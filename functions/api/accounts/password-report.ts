import { reportPasswords } from '@proxywatch/core/domain/control/password-report';
import { fetchPasswordFacts } from '@proxywatch/core/drivers/dcdb/accounts/password-rows';
import { z } from 'zod';
import { ok } from '#api/answer';
import { instant, queryInteger } from '#api/fields';
import { route } from '#api/route';

const DAY_MS = 86_400_000;
/** Accounts that are looked at. */
const MAX_ACCOUNTS = 20_000;
/** Findings of a kind that are told one by one. */
const MAX_FINDINGS = 500;

const account = z.strictObject({ id: z.string(), namespace: z.string(), username: z.string() });

const reportAnswer = z.strictObject({
  accounts: z.int().meta({ description: 'how many were looked at' }),
  truncated: z
    .boolean()
    .meta({ description: `true: there are more accounts than ${MAX_ACCOUNTS}, or more findings than told` }),
  duplicateUsernames: z.array(z.strictObject({ username: z.string(), accounts: z.array(account) })),
  sharedPasswords: z.array(z.strictObject({ accounts: z.array(account) })),
  notComparable: z.array(account).meta({ description: 'caching_sha2 hashes whose clear text was never seen' }),
  old: z.array(account.extend({ passwordChangedAt: instant() })).meta({ description: 'the oldest first' }),
});

export const passwordReport = route({
  module: 'accounts',
  method: 'GET',
  path: '/v1/accounts/reports/passwords',
  operationId: 'reportPasswords',
  summary: 'Duplicate names, shared passwords and old ones',
  description:
    'Over the namespaces that the caller may see. Passwords are compared by a keyed digest of the clear text, native hashes ' +
    'also with each other; neither is shown.',
  role: 'viewer',
  query: z.strictObject({ olderThanDays: queryInteger(1, 3_650).default(90) }),
  answers: { 200: { description: 'the report', schema: reportAnswer } },
  async handle({ db, nowMs }, { caller, query, signal }) {
    const facts = await fetchPasswordFacts(db, caller.namespaces, MAX_ACCOUNTS + 1, signal);
    const looked = facts.slice(0, MAX_ACCOUNTS);
    const report = reportPasswords(looked, nowMs(), query.olderThanDays * DAY_MS);
    const { duplicateUsernames, sharedPasswords, notComparable, old } = report;
    const lists = [duplicateUsernames, sharedPasswords, notComparable, old];
    return ok({
      accounts: looked.length,
      truncated: facts.length > MAX_ACCOUNTS || lists.some(({ length }) => length > MAX_FINDINGS),
      duplicateUsernames: duplicateUsernames
        .slice(0, MAX_FINDINGS)
        .map((accounts) => ({ username: accounts[0]?.username ?? '', accounts: accounts.slice(0, MAX_FINDINGS) })),
      sharedPasswords: sharedPasswords
        .slice(0, MAX_FINDINGS)
        .map((accounts) => ({ accounts: accounts.slice(0, MAX_FINDINGS) })),
      notComparable: notComparable.slice(0, MAX_FINDINGS),
      old: old.slice(0, MAX_FINDINGS).map(({ changedAtMs, ...named }) => ({
        ...named,
        passwordChangedAt: new Date(changedAtMs).toISOString(),
      })),
    });
  },
});
