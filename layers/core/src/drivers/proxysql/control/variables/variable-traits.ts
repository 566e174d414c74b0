/** What one must know of a variable beside its values. */
export interface VariableTraits {
  readonly needsRestart: ReadonlySet<string>;
  readonly secret: ReadonlySet<string>;
  /** Its change may lock everybody out, move a whole cluster or blind Proxywatch. */
  readonly guarded: (name: string) => boolean;
  /** Why it is left alone. */
  readonly refusals: ReadonlyMap<string, string>;
}

const GUARDED = new Set([
  'admin-admin_credentials',
  'admin-stats_credentials',
  'admin-mysql_ifaces',
  'admin-read_only',
  'admin-ssl_keylog_file',
  'mysql-interfaces',
  'mysql-threads',
  'mysql-stacksize',
  'mysql-have_ssl',
  'mysql-proxy_protocol_networks',
  'mysql-default_authentication_plugin',
  // Without digests, rules that look at them apply to every statement, and there are no statistics of statements.
  'mysql-query_digests',
  'mysql-firewall_whitelist_enabled',
  'mysql-init_connect',
]);

const EXPOSES = 'it opens a port on all addresses of the proxy that neither asks who calls nor is watched here';
const EMPTIES = 'it empties the digest table that statistics are read from, for everybody';
const UNUSED = 'the proxy knows it and does nothing with it';

export const TRAITS: VariableTraits = {
  // A LOAD puts the old value back until the proxy starts anew.
  needsRestart: new Set(['mysql-threads', 'mysql-stacksize']),
  secret: new Set([
    'admin-admin_credentials',
    'admin-stats_credentials',
    'admin-cluster_password',
    'mysql-monitor_password',
  ]),
  guarded: (name) => GUARDED.has(name) || name.startsWith('admin-cluster_') || name.startsWith('admin-checksum_'),
  refusals: new Map([
    ['admin-version', 'it is what the proxy says of itself'],
    ['admin-stats_mysql_query_digest_to_disk', EMPTIES],
    ['admin-restapi_enabled', EXPOSES],
    ['admin-restapi_port', EXPOSES],
    ['admin-web_enabled', EXPOSES],
    ['admin-web_port', EXPOSES],
    ['admin-telnet_admin_ifaces', UNUSED],
    ['admin-telnet_stats_ifaces', UNUSED],
  ]),
};
