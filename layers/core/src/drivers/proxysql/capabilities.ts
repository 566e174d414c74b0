import { errorCodeOf, messageOf } from '../../domain/errors.ts';
import type { ProxyCapabilities } from '../../ports/proxy-driver.ts';
import { type Query, type Row, textOf } from './cells.ts';
import { PROBES, VERSION } from './statements.ts';

const LONGEST_VERSION = 128;

export interface Version {
  /** As the proxy prints it. */
  readonly text: string;
  /** Why it is not known. */
  readonly reason?: string;
}

export async function fetchVersion(query: Query): Promise<Version> {
  const { rows, reason } = await ask(query, VERSION);
  const text = textOf(rows?.[0] ?? [], 0).slice(0, LONGEST_VERSION) || 'unknown';
  return { text, ...(reason !== undefined && { reason }) };
}

/**
 * Asks for every table and column that the driver reads, in the way it reads them. That works with the credentials of
 * statistics too, which may neither PRAGMA nor see the tables under the same schema name as an administrator does. What is
 * missing makes a capability false, never an error: versions differ, and a proxy without digests still has back ends.
 */
export async function detectCapabilities(version: Version, query: Query): Promise<ProxyCapabilities> {
  const reasons: Record<string, string> = version.reason === undefined ? {} : { version: version.reason };
  const has = async (name: keyof typeof PROBES) => {
    const { reason } = await ask(query, PROBES[name]);
    if (reason !== undefined) reasons[name] = reason;
    return reason === undefined;
  };

  const uptime = await has('uptime');
  const digests = await has('digests');
  if (digests && !uptime) reasons.digests = `no uptime to read them by: ${reasons.uptime}`;
  return {
    version: version.text,
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
  return (await ask(query, statement)).reason === undefined;
}

/** The rows, or why the proxy refuses the statement. */
async function ask(query: Query, statement: string): Promise<{ rows?: readonly Row[]; reason?: string }> {
  try {
    return { rows: await query(statement) };
  } catch (error) {
    if (errorCodeOf(error) !== 'PROXY_STATEMENT') throw error;
    return { reason: messageOf(error) };
  }
}
