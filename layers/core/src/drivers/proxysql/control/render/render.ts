import type { DesiredState } from '../../../../domain/control/desired-state.ts';
import type { RenderedConfig } from '../../../../ports/proxy-control.ts';
import { renderAccounts } from './accounts.ts';
import { admissionRules } from './admission-rules.ts';
import { createNotes } from './notes.ts';
import { ruleRow } from './rule-row.ts';
import { renderReplication, renderServers } from './servers.ts';
import { statementRules } from './statement-rules.ts';
import { renderVariables } from './variables.ts';

/** The rows that make a ProxySQL what is wanted, and what it cannot express of that. */
export function renderDesired(desired: DesiredState): RenderedConfig {
  const notes = createNotes();
  const { name, maxResultRows, qpsLimit } = desired.namespace;
  if (maxResultRows !== null) notes.add(`namespace ${name}`, 'namespace', 'maxResultRows');
  if (qpsLimit !== null) notes.add(`namespace ${name}`, 'namespace', 'qpsLimit');
  const rules = [...admissionRules(desired, notes), ...statementRules(desired, notes)];
  return {
    tables: {
      users: renderAccounts(desired, notes),
      servers: renderServers(desired),
      replicationHostgroups: renderReplication(desired, notes),
      rules: rules.map(ruleRow).toSorted((a, b) => Number(a.fields.rule_id) - Number(b.fields.rule_id)),
      variables: renderVariables(desired, notes),
    },
    notes: notes.all,
  };
}
