import type { MonitoringOverrides } from './monitoring-settings/overrides.ts';

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
  /** What differs for it from how gateway and scanner are configured. */
  readonly monitoring?: MonitoringOverrides;
  /** Of the configuration that Proxywatch gave it last, by module; absent while nobody knows, or somebody changes it. */
  readonly appliedChecksums?: Readonly<Record<string, string>>;
}

export interface Credential {
  readonly user: string;
  readonly password: string;
}
