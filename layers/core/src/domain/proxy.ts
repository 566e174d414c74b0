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

/** Whether two entries lead to the same proxy in the same way; how it is to be watched may differ. */
export function isSameTarget(a: RegisteredProxy, b: RegisteredProxy): boolean {
  return a === b || JSON.stringify(targetOf(a)) === JSON.stringify(targetOf(b));
}

function targetOf({ monitoring: _, appliedChecksums: __, ...target }: RegisteredProxy) {
  return target;
}

export interface Credential {
  readonly user: string;
  readonly password: string;
}
