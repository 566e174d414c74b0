/** Sessions of a proxy as of one moment. */
export interface Processlist {
  readonly uptimeS: number;
  /** The proxy's wall clock, epoch seconds. */
  readonly proxyNowS: number;
  readonly sessions: readonly ProxySessionState[];
  /**
   * Whether sessions tell of transactions; false unless the proxy's `mysql-show_processlist_extended` is on. An empty list
   * tells of them: nobody is in one.
   */
  readonly tellsTransactions: boolean;
  /** More sessions than are read. */
  readonly isCut: boolean;
}

export interface ProxySessionState {
  readonly sessionId: string;
  readonly user: string;
  readonly schema: string;
  /** Without its port. */
  readonly clientAddress: string;
  readonly hostgroup: string;
  /** `host:port`, where one is bound. */
  readonly server?: string;
  readonly command: string;
  /** Of the running statement, or of the sleep; up to 2 s behind on quiet threads. */
  readonly timeMs: number;
  /** The running statement, literals and all, cut at 4,096 characters. */
  readonly statement?: string;
  readonly isStatementCut: boolean;
  /**
   * Microseconds since the transaction began; absent outside of one. A plain autocommit statement is none although the
   * proxy counts it as active: bit 0 of the back end's server status tells them apart.
   */
  readonly transactionUs?: number;
}

/** One execution that the proxy recorded in its ring of query events. */
export interface QueryEvent {
  /** Rises by one; where to go on. A gap is what the proxy forgot unread, and ids begin again when it restarts. */
  readonly id: number;
  readonly startedAtMs: number;
  readonly durationUs: number;
  readonly user: string;
  readonly schema: string;
  readonly digest: string;
  /** With its literals, cut at 4,096 characters. */
  readonly query: string;
  readonly server?: string;
  readonly clientAddress?: string;
  readonly hostgroup: string;
  readonly rowsSent: number;
  readonly rowsAffected: number;
  readonly errno: number;
}

export interface QueryEvents {
  readonly events: readonly QueryEvent[];
  /**
   * Ids of the oldest and the newest event that the proxy has behind the one that was asked from, those that were too quick
   * included; undefined when there is none.
   */
  readonly ids?: { readonly oldest: number; readonly newest: number };
  /**
   * Events that the proxy dropped before they got an id, since it started, or that somebody else had dumped elsewhere;
   * undefined where it does not tell.
   */
  readonly droppedSinceStart?: number;
  /** More are waiting behind the last of `events` than were read; else all up to the newest were looked at. */
  readonly isCut: boolean;
  readonly uptimeS: number;
  readonly proxyNowS: number;
}

/** Errors as the proxy counts them, without details, since it started. */
export interface ErrorTotals {
  readonly uptimeS: number;
  readonly proxyNowS: number;
  /**
   * Errors that back ends returned, to log-ins and checks of the proxy too, and that the proxy's own client made while it
   * spoke to them.
   */
  readonly byServer: readonly { hostgroup: string; server: string; errno: number; count: number }[];
  /** Logins with a wrong password. */
  readonly accessDenied: number;
}
