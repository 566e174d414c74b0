import type { Migration } from 'kysely/migration';
import * as registry from './0001-registry.ts';
import * as scanner from './0002-scanner.ts';

/** A static list, so that it can be bundled. Names are applied in their order and never change once released. */
export const MIGRATIONS: Readonly<Record<string, Migration>> = {
  '0001-registry': registry,
  '0002-scanner': scanner,
};
