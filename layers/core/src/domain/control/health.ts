/** Counters since a proxy started, and its servers as they are. */
export interface HealthFigures {
  readonly uptimeS: number;
  readonly accessDenied: number;
  readonly backendConnectionsFailed: number;
  readonly backendErrors: number;
  readonly servers: readonly {
    readonly hostgroup: string;
    readonly host: string;
    readonly port: number;
    readonly status: string;
  }[];
}

/** How much may go wrong within the window before a change is taken back. */
export interface HealthLimits {
  readonly accessDenied: number;
  readonly backendConnectionsFailed: number;
  readonly backendErrors: number;
  /** Times the rate before the change, where that allows more than the limits. */
  readonly timesBefore: number;
}

export const DEFAULT_HEALTH_LIMITS: HealthLimits = {
  accessDenied: 5,
  backendConnectionsFailed: 5,
  backendErrors: 20,
  timesBefore: 3,
};

const COUNTERS = {
  accessDenied: 'clients were denied access',
  backendConnectionsFailed: 'connections to back ends failed',
  backendErrors: 'back ends answered with errors',
} as const;

/**
 * What is worse than before, in words; empty: healthy. `before` was read just before the change, `now` some time after it;
 * rates before are those of the proxy's whole life.
 */
export function healthProblems(before: HealthFigures, now: HealthFigures, limits: HealthLimits): readonly string[] {
  const passedS = now.uptimeS - before.uptimeS;
  if (passedS < 0) return ['it started anew during the change'];
  const counters = (Object.keys(COUNTERS) as (keyof typeof COUNTERS)[]).flatMap((counter) => {
    const rose = now[counter] - before[counter];
    const usual = before.uptimeS > 0 ? (before[counter] / before.uptimeS) * Math.max(1, passedS) : 0;
    const allowed = Math.max(limits[counter], Math.ceil(usual * limits.timesBefore));
    return rose > allowed ? [`${COUNTERS[counter]} ${rose} times in ${passedS} s, ${allowed} are allowed`] : [];
  });
  const statuses = new Map(now.servers.map((server) => [keyOf(server), server.status]));
  const servers = before.servers.flatMap((server) => {
    const status = statuses.get(keyOf(server));
    const isLost = server.status === 'ONLINE' && status !== undefined && status.startsWith('SHUNNED');
    return isLost
      ? [`server ${server.host}:${server.port} in hostgroup ${server.hostgroup} was ONLINE and is ${status}`]
      : [];
  });
  return [...counters, ...servers];
}

function keyOf({ hostgroup, host, port }: HealthFigures['servers'][number]): string {
  return JSON.stringify([hostgroup, host, port]);
}
