/** What a proxy tells of its own configuration and surroundings. Parts that its credential may not see are absent. */
export interface ProxyState {
  readonly uptimeS: number;
  /** The proxy's wall clock, epoch seconds. */
  readonly proxyNowS: number;
  readonly servers?: readonly ServerState[];
  /** Of the configuration that runs, by module. */
  readonly checksums?: readonly ModuleChecksum[];
  /** Messages that the proxy logged, by place in its source. Counters, without texts. */
  readonly messages?: readonly MessageCount[];
  readonly clusterPeers?: readonly ClusterPeer[];
}

export interface ServerState {
  readonly hostgroup: string;
  readonly host: string;
  readonly port: number;
  /** ONLINE, SHUNNED, OFFLINE_SOFT, … as the proxy says it. */
  readonly status: string;
  /** Replication lag, seconds, where the proxy's monitor measured it. */
  readonly lagS?: number;
}

export interface ModuleChecksum {
  readonly name: string;
  readonly version: number;
  readonly epochS: number;
  readonly checksum: string;
}

export interface MessageCount {
  readonly messageId: string;
  readonly filename: string;
  readonly line: number;
  readonly func: string;
  readonly count: number;
  readonly firstSeenS: number;
  readonly lastSeenS: number;
}

export interface ClusterPeer {
  readonly host: string;
  readonly port: number;
  readonly isAnswering: boolean;
}
