import type { Dcdb } from '../create-dcdb.ts';
import { DEFAULT_RETENTION, type ScanRetention } from '../scan/retention.ts';
import { fetchMonitoringSettings } from './settings-repository.ts';

/** How long the tables of the scanner keep what they have: the settings of the fleet, and the usual where they say nothing. */
export async function fetchRetention(db: Dcdb, signal?: AbortSignal): Promise<ScanRetention> {
  const fleet = await fetchMonitoringSettings(db, { scope: 'fleet', scopeName: '' }, signal);
  return { ...DEFAULT_RETENTION, ...fleet?.settings.retention };
}
