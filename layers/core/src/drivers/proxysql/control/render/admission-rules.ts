import type { AccountSpec, DesiredState, NamespaceSpec } from '../../../../domain/control/desired-state.ts';
import { clientPatterns } from './client-patterns.ts';
import type { Notes } from './notes.ts';
import type { RuleSpec } from './rule-row.ts';
import { FLAGS, RULE_IDS, slotsOf } from './rule-slots.ts';
import { LEADS_TO_SCHEMA } from './statement-patterns.ts';

/**
 * Who and what is let through. Rules cannot say "not from there": those that admit take a statement aside with a flag, past
 * the one that refuses all others, and the last one brings it back, so that what follows knows nothing of it.
 */
export function admissionRules({ namespace, accounts }: DesiredState, notes: Notes): readonly RuleSpec[] {
  return [...namespaceAddresses(namespace, notes), ...accountAddresses(accounts, notes), ...schemas(namespace, notes)];
}

function namespaceAddresses({ name, allowedIps }: NamespaceSpec, notes: Notes): readonly RuleSpec[] {
  if (allowedIps.length === 0) return [];
  const subject = `namespace ${name}`;
  notes.add(subject, 'namespace', 'allowedIps');
  const patterns = patternsOf(allowedIps, (reason) => notes.add(subject, 'namespace', 'allowedIps', reason));
  const slots = slotsOf(patterns, RULE_IDS.addresses, 'addresses of the namespace');
  return [
    ...[...slots].map(([clientAddress, id]) => ({
      id,
      clientAddress,
      flagOut: FLAGS.address,
      comment: 'an address that is allowed',
    })),
    {
      id: RULE_IDS.addressRefusal,
      refusal: 'clients from this address are not allowed',
      comment: 'all other addresses',
    },
    { id: RULE_IDS.addressRejoin, flagIn: FLAGS.address, flagOut: 0, comment: 'back from the check of addresses' },
  ];
}

function accountAddresses(accounts: readonly AccountSpec[], notes: Notes): readonly RuleSpec[] {
  const limited = accounts.filter(({ allowedIps }) => allowedIps.length > 0);
  if (limited.length === 0) return [];
  const admitted = limited.flatMap(({ username, allowedIps }) => {
    const note = (reason: string) => notes.add(`account ${username}`, 'account', 'allowedIps', reason);
    return patternsOf(allowedIps, note).map((clientAddress) => JSON.stringify([username, clientAddress]));
  });
  const refused = limited.map(({ username }) => username);
  return [
    ...[...slotsOf(admitted, RULE_IDS.accountAddresses, 'addresses of accounts')].map(([key, id]) => {
      const [username, clientAddress] = JSON.parse(key) as [string, string];
      return { id, username, clientAddress, flagOut: FLAGS.accountAddress, comment: 'an address that is allowed' };
    }),
    ...[...slotsOf(refused, RULE_IDS.accountRefusals, 'accounts with addresses')].map(([username, id]) => ({
      id,
      username,
      refusal: 'this account is not allowed from this address',
      comment: 'all other addresses of the account',
    })),
    {
      id: RULE_IDS.accountRejoin,
      flagIn: FLAGS.accountAddress,
      flagOut: 0,
      comment: 'back from the check of accounts',
    },
  ];
}

function schemas({ name, allowedSchemas }: NamespaceSpec, notes: Notes): readonly RuleSpec[] {
  if (allowedSchemas.length === 0) return [];
  notes.add(`namespace ${name}`, 'namespace', 'allowedSchemas');
  return [
    {
      id: RULE_IDS.schemaExemption,
      matchDigest: LEADS_TO_SCHEMA,
      flagOut: FLAGS.schema,
      comment: 'the way to a schema that is allowed',
    },
    ...[...slotsOf(allowedSchemas, RULE_IDS.schemas, 'schemas')].map(([schemaname, id]) => ({
      id,
      schemaname,
      flagOut: FLAGS.schema,
      comment: 'a schema that is allowed',
    })),
    { id: RULE_IDS.schemaRefusal, refusal: 'this schema is not allowed', comment: 'all other schemas' },
    { id: RULE_IDS.schemaRejoin, flagIn: FLAGS.schema, flagOut: 0, comment: 'back from the check of schemas' },
  ];
}

/** What cannot be told admits nobody, and is said. */
function patternsOf(ranges: readonly string[], note: (reason: string) => void): readonly string[] {
  return ranges.flatMap((range) => {
    const made = clientPatterns(range);
    if (made.kind === 'patterns') return made.patterns;
    note(`nobody is admitted as ${JSON.stringify(range.slice(0, 80))}: ${made.reason}`);
    return [];
  });
}
