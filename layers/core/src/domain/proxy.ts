/** A proxy as the registry knows it. Credentials stand here by reference only. */
export interface RegisteredProxy {
  readonly id: string;
  /** The driver that speaks to it, e.g. `proxysql`. */
  readonly kind: string;
  readonly namespace: string;
  readonly adminHost: string;
  readonly adminPort: number;
  readonly adminTls: boolean;
  readonly trafficHost?: string;
  readonly trafficPort?: number;
  readonly statsCredentialRef: string;
  readonly adminCredentialRef?: string;
}

export interface Credential {
  readonly user: string;
  readonly password: string;
}
