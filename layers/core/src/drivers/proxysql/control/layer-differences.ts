import type { ConfigRow, ConfigTable, FieldValue, LayerRows } from '../../../domain/control/config-rows.ts';
import { partsOfKey, rowsByKey, serverKey } from './tables.ts';

/** Whether the monitor, not an operator, made this difference: it shuns servers that do not answer. */
export function isMonitoredField(table: ConfigTable, field: string, memory: FieldValue, runtime: FieldValue): boolean {
  if (table !== 'servers' || field !== 'status') return false;
  const [configured, seen] = [memory, runtime].map((status) => status?.toUpperCase());
  return configured === 'ONLINE' && seen === 'SHUNNED';
}

/**
 * Whether a row may be in one of the two layers only without anybody having edited it: LOAD leaves inactive users and rules
 * in memory, servers that are OFFLINE_HARD leave runtime with their last connection, and the monitor moves servers between
 * the writer and the reader hostgroup of a pair, or lists a writer among the readers as well.
 */
export function isAbsenceExpected(table: ConfigTable, key: string, memory: LayerRows, runtime: LayerRows): boolean {
  const held = rowsByKey(memory[table]).get(key);
  const shown = rowsByKey(runtime[table]).get(key);
  if ((held === undefined) === (shown === undefined)) return false;
  if (table === 'servers') return isServerOff(held) || isServerMoved(key, memory, runtime);
  return (table === 'users' || table === 'rules') && held?.fields.active === '0';
}

function isServerOff(held: ConfigRow | undefined): boolean {
  return held?.fields.status?.toUpperCase() === 'OFFLINE_HARD';
}

/** The other hostgroup of its pair has the same server in the layer that lacks it here. */
function isServerMoved(key: string, memory: LayerRows, runtime: LayerRows): boolean {
  const [hostgroup = '', host = '', port = ''] = partsOfKey('servers', key);
  const isShown = rowsByKey(runtime.servers).has(key);
  const lacking = rowsByKey((isShown ? memory : runtime).servers);
  return partnersOf(hostgroup, memory, runtime).some((partner) => lacking.has(serverKey(partner, host, port)));
}

function partnersOf(hostgroup: string, memory: LayerRows, runtime: LayerRows): readonly string[] {
  return [...(memory.replicationHostgroups ?? []), ...(runtime.replicationHostgroups ?? [])].flatMap(({ fields }) => {
    const { writer_hostgroup: writer, reader_hostgroup: reader } = fields;
    if (typeof writer !== 'string' || typeof reader !== 'string') return [];
    if (writer === hostgroup) return [reader];
    return reader === hostgroup ? [writer] : [];
  });
}
