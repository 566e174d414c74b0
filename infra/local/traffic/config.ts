import { hostPorts } from '@proxywatch/core/config/address-fields';
import { flag, integer, port } from '@proxywatch/core/config/fields';
import { z } from 'zod';

/** What a user may choose. */
export const workloadSettings = {
  /** Statements per second and proxy. */
  TRAFFIC_RATE: integer({ min: 1, max: 100_000 }).default(60),
  /** Different statements per proxy, no fewer than MIN_DIGESTS. */
  TRAFFIC_DIGESTS: integer({ min: 1, max: 100_000 }).default(160),
  /** Same seed, same statements in the same order. */
  TRAFFIC_SEED: integer().default(1),
};

/** The environment of the traffic generator. */
export const trafficConfig = z
  .object({
    /** Traffic ports of the proxies. */
    TRAFFIC_TARGETS: hostPorts(),
    ...workloadSettings,
    TRAFFIC_CONTROL_PORT: port({ min: 0 }).default(0),
    /** Ends with its standard input, so that it cannot outlive whoever started it. */
    TRAFFIC_PARENT_PIPE: flag().default(false),
  })
  .transform((env) => ({
    targets: env.TRAFFIC_TARGETS,
    rate: env.TRAFFIC_RATE,
    digests: env.TRAFFIC_DIGESTS,
    seed: env.TRAFFIC_SEED,
    controlPort: env.TRAFFIC_CONTROL_PORT,
    parentPipe: env.TRAFFIC_PARENT_PIPE,
  }));
