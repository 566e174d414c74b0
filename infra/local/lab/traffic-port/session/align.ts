import type { GlobalStatus } from '../../stats/global-status.ts';
import type { BackendConnection } from '../backend/backend-connection.ts';
import type { WireError } from '../wire/packets.ts';
import type { SessionState } from './session-state.ts';

const COM_INIT_DB = '\x02';
const COM_QUERY = '\x03';

/** Brings a connection to a session's settings and schema. Answers with the back end's error if it refuses one. */
export async function align(
  connection: BackendConnection,
  { settings, schema }: SessionState,
  globals: GlobalStatus,
): Promise<WireError | undefined> {
  for (const [name, assignment] of settings) {
    if (connection.settings.get(name) === assignment) continue;
    const { error } = await connection.run(Buffer.from(`${COM_QUERY}SET ${assignment}`));
    if (error !== undefined) return error;
    connection.settings.set(name, assignment);
    if (name === 'names') globals.add('Com_backend_set_names');
  }
  if (connection.settings.has('autocommit') && !settings.has('autocommit')) {
    const { error } = await connection.run(Buffer.from(`${COM_QUERY}SET autocommit=1`));
    if (error !== undefined) return error;
    connection.settings.delete('autocommit');
  }
  if (connection.schema === schema) return undefined;
  const { error } = await connection.run(Buffer.from(`${COM_INIT_DB}${schema}`));
  if (error !== undefined) return error;
  connection.schema = schema;
  globals.add('Com_backend_init_db');
  return undefined;
}
