import { errorCodeOf, messageOf } from '../../domain/errors.ts';
import type { ProxyCapabilities } from '../../ports/proxy-driver.ts';
import { type Query, type Row, textOf } from './cells.ts';
import { PROBES, VERSION } from './statements.ts';

const LONGEST_VERSION = 128;

/**
 * Asks for every table and column that the driver reads, in the way it reads them. That works with the credentials of
 * statistics too, which may neither PRAGMA nor see the tables under the same schema name as an administrator does. What is
 * missing makes a capability false, never an error: versions differ, and a proxy without digests still has back ends.
 */
export async function detectCapabilities(query: Query): Promise<ProxyCapabilities> {
  const reasons: Record<string, string> = {};
  const tells = async (
    name: keyof typeof PROBES | 'version',
    statement: string,
  ): Promise<readonly Row[] | undefined> => {
    try {
      return await query(statement);
    } catch (error) {
      if (errorCodeOf(error) !== 'PROXY_STATEMENT') throw error;
      reasons[name] = messageOf(error);
      return undefined;
    }
  };
  const has = async (name: keyof typeof PROBES) => (await tells(name, PROBES[name])) !== undefined;

  const [versionRow = []] = (await tells('version', VERSION)) ?? [];
  const uptime = await has('uptime');
  const digests = await has('digests');
  if (digests && !uptime) reasons.digests = `no uptime to read them by: ${reasons.uptime}`;
  return {
    version: textOf(versionRow, 0).slice(0, LONGEST_VERSION) || 'unknown',
    digests: digests && uptime,
    backends: await has('backends'),
    commandCounters: await has('commandCounters'),
    errors: await has('errors'),
    users: await has('users'),
    queryEvents: await has('queryEvents'),
    // Asking costs too much to do it for nothing.
    errorTotals: true,
    reasons,
  };
}

/** Whether the proxy takes a statement; anything but a refusal is thrown. */
export async function isAccepted(query: Query, statement: string): Promise<boolean> {
  try {
    await query(statement);
    return true;
  } catch (error) {
    if (errorCodeOf(error) === 'PROXY_STATEMENT') return false;
    throw error;
  }
}
