import { BACKEND_USERS, READER_HOSTGROUP, WRITER_HOSTGROUP } from './backend-users.ts';

/** Rows of a lab proxy's tables at its first start; columns that are not named keep the proxy's defaults. */
export interface LabConfiguration {
  readonly users: readonly {
    readonly username: string;
    readonly password: string;
    readonly default_hostgroup: number;
    readonly default_schema: string;
  }[];
  readonly servers: readonly {
    readonly hostgroup_id: number;
    readonly hostname: string;
    readonly port: number;
    readonly max_connections: number;
  }[];
  readonly rules: readonly {
    readonly rule_id: number;
    readonly active: number;
    readonly match_digest: string;
    readonly destination_hostgroup: number;
    readonly apply: number;
  }[];
  /** Global variables other than the defaults. */
  readonly variables: Readonly<Record<string, string>>;
}

/** The application's users, one back end as writer and as reader, and a split of reads from writes. */
export function labConfiguration(backendHost: string, backendPort: number): LabConfiguration {
  return {
    users: Object.values(BACKEND_USERS).map((user) => ({
      username: user.name,
      password: user.password,
      default_hostgroup: user.defaultHostgroup,
      default_schema: user.defaultSchema,
    })),
    servers: [WRITER_HOSTGROUP, READER_HOSTGROUP].map((hostgroup) => ({
      hostgroup_id: hostgroup,
      hostname: backendHost,
      port: backendPort,
      max_connections: 100,
    })),
    rules: [
      { rule_id: 10, match_digest: '^SELECT.*FOR UPDATE', destination_hostgroup: WRITER_HOSTGROUP },
      { rule_id: 20, match_digest: '^SELECT', destination_hostgroup: READER_HOSTGROUP },
    ].map((rule) => ({ ...rule, active: 1, apply: 1 })),
    // Without it a proxy does not tell who is in a transaction.
    variables: { 'mysql-show_processlist_extended': '1' },
  };
}
