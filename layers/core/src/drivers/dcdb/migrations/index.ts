import type { Migration } from 'kysely/migration';
import * as registry from './0001-registry.ts';
import * as scanner from './0002-scanner.ts';
import * as access from './0003-access.ts';
import * as desiredState from './0004-desired-state.ts';
import * as control from './0005-control.ts';
import * as scanProxies from './0006-scan-proxies.ts';
import * as overrideReturns from './0007-override-returns.ts';
import * as controlHistory from './0008-control-history.ts';

/** A static list, so that it can be bundled. Names are applied in their order and never change once released. */
export const MIGRATIONS: Readonly<Record<string, Migration>> = {
  '0001-registry': registry,
  '0002-scanner': scanner,
  '0003-access': access,
  '0004-desired-state': desiredState,
  '0005-control': control,
  '0006-scan-proxies': scanProxies,
  '0007-override-returns': overrideReturns,
  '0008-control-history': controlHistory,
};
