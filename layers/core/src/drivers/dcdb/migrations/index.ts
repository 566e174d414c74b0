import type { Migration } from 'kysely/migration';
import * as registry from './0001-registry.ts';

/** A static list, so that it can be bundled. Names are applied in their order and never change once released. */
export const MIGRATIONS: Readonly<Record<string, Migration>> = {
  '0001-registry': registry,
};
