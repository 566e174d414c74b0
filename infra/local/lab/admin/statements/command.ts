import type { LabControl, LabStats } from '../../contract.ts';
import type { ConfigLayers } from '../layers/config-layers.ts';
import type { Databases } from '../storage/databases.ts';
import type { Reply } from '../wire/reply.ts';
import type { Refresh } from './refresh.ts';
import type { StatementText } from './statement-text.ts';

export type Role = 'admin' | 'stats';

/** Who sent a statement. */
export interface Client {
  readonly role: Role;
  readonly user: string;
  readonly address: string;
}

/** What a statement can reach. */
export interface AdminContext {
  readonly databases: Databases;
  readonly layers: ConfigLayers;
  readonly refresh: Refresh;
  readonly version: string;
  readonly control: LabControl;
  readonly nowMs: () => number;
  /** `undefined` until the traffic side is there. */
  stats(): LabStats | undefined;
  /** Refreshes what the text names and lets SQLite run it with the rights of the client. */
  query(sql: string, client: Client): Reply;
}

/** A statement that ProxySQL answers itself, recognised by its folded text. */
export interface Command {
  readonly pattern: RegExp;
  /** Who may: for others the statement does not exist, and SQLite's words for that are "syntax error". */
  readonly roles: 'all' | 'admin';
  run(
    match: readonly string[],
    context: AdminContext,
    client: Client,
    statement: StatementText,
  ): Reply | Promise<Reply>;
}
