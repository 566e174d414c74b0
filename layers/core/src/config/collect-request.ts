import { z } from 'zod';
import { COLLECTORS } from '../domain/scan/collectors.ts';
import type { CollectRequest } from '../ports/collect-invoker.ts';
import { registeredProxy } from './registered-proxy.ts';

/** More than dispatch ever puts into one invocation. */
const MAX_PROXIES = 1_000;

const dueProxy = z.object({ proxy: registeredProxy, collectors: z.array(z.enum(COLLECTORS)).min(1) });

/** The payload of an invocation of `collect`. Unknown fields are dropped: who sent it may be newer. */
export const collectRequest = z.object({
  version: z.literal(1),
  tickMs: z.number().int().nonnegative(),
  windowMs: z.number().int().nonnegative(),
  proxies: z.array(dueProxy).max(MAX_PROXIES),
}) satisfies z.ZodType<CollectRequest>;
