import type { Row, RuntimeServer } from '../../contract.ts';
import type { LabClock } from '../../stats/clock.ts';
import type { PortSettings } from '../port-settings.ts';
import type { BackendConnection } from './backend-connection.ts';

/** A connection with what the pool must know to hand it to the right session. */
export interface PooledConnection {
  readonly connection: BackendConnection;
  readonly server: BackendServer;
  /** Encoded log-in: a connection serves only sessions that would log in alike. */
  readonly loginKey: string;
  readonly user: string;
  idleSinceUs: number;
  /** How often the pool handed it out. */
  uses: number;
}

/** One back end in one hostgroup: its connections, its counters, and whether it is avoided for now. */
export class BackendServer {
  config: RuntimeServer;
  readonly idle = new Set<PooledConnection>();
  readonly used = new Set<PooledConnection>();
  connecting = 0;
  latencyUs = 0;
  readonly #clock: LabClock;
  #connectionsOk = 0;
  #connectionsFailed = 0;
  #maxUsed = 0;
  #queries = 0;
  #bytesSent = 0;
  #bytesReceived = 0;
  #failures = 0;
  #failuresSinceUs = 0;
  #shunnedSinceUs: number | undefined;
  #missesPings = false;

  constructor(config: RuntimeServer, clock: LabClock) {
    this.config = config;
    this.#clock = clock;
  }

  get size(): number {
    return this.idle.size + this.used.size + this.connecting;
  }

  /** The configured status, but SHUNNED while an ONLINE server is avoided. */
  status(settings: Pick<PortSettings, 'shunRecoveryMs'>): string {
    if (this.config.status !== 'ONLINE') return this.config.status;
    if (this.#missesPings) return 'SHUNNED';
    const since = this.#shunnedSinceUs;
    return since !== undefined && this.#clock.monotonicUs() - since < settings.shunRecoveryMs * 1000
      ? 'SHUNNED'
      : 'ONLINE';
  }

  noteConnected(): void {
    this.#connectionsOk += 1;
    this.#shunnedSinceUs = undefined;
    this.#failures = 0;
  }

  /** Several failures within a second shun the server for a while. */
  noteFailure(settings: Pick<PortSettings, 'shunOnFailures'>): void {
    this.#connectionsFailed += 1;
    const nowUs = this.#clock.monotonicUs();
    if (nowUs - this.#failuresSinceUs > 1e6) {
      this.#failures = 0;
      this.#failuresSinceUs = nowUs;
    }
    this.#failures += 1;
    if (this.#failures >= settings.shunOnFailures) this.#shunnedSinceUs = nowUs;
  }

  noteRefusal(): void {
    this.#connectionsFailed += 1;
  }

  noteMonitored(reachable: boolean): void {
    this.#missesPings = !reachable;
    if (reachable) this.#shunnedSinceUs = undefined;
  }

  noteUsed(): void {
    this.#maxUsed = Math.max(this.#maxUsed, this.used.size);
  }

  noteQuery(bytesSent: number, bytesReceived: number): void {
    this.#queries += 1;
    this.#bytesSent += bytesSent;
    this.#bytesReceived += bytesReceived;
  }

  /** LOAD MYSQL SERVERS puts SHUNNED servers back to ONLINE until they fail again. */
  reload(config: RuntimeServer): void {
    this.config = config;
    this.#shunnedSinceUs = undefined;
    this.#missesPings = false;
    this.#failures = 0;
  }

  poolRow(settings: Pick<PortSettings, 'shunRecoveryMs'>): Row {
    const { hostgroup, host, port } = this.config;
    return [
      hostgroup,
      host,
      port,
      this.status(settings),
      this.used.size,
      this.idle.size,
      this.#connectionsOk,
      this.#connectionsFailed,
      this.#maxUsed,
      this.#queries,
      0,
      this.#bytesSent,
      this.#bytesReceived,
      this.latencyUs,
    ];
  }

  resetCounters(): void {
    this.#connectionsOk = 0;
    this.#connectionsFailed = 0;
    this.#maxUsed = 0;
    this.#queries = 0;
    this.#bytesSent = 0;
    this.#bytesReceived = 0;
  }
}
