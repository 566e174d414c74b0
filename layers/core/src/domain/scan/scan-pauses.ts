/** What somebody paused: proxies, whole namespaces, and collectors of all proxies, by name. */
export interface ScanPauses {
  readonly proxies: ReadonlySet<string>;
  readonly namespaces: ReadonlySet<string>;
  readonly collectors: ReadonlySet<string>;
}
