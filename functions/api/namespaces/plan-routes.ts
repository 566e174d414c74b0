import type { AnyRoute } from '#api/route';
import { fetchNamespaceDrift } from './drift-namespace.ts';
import { applyPlan } from './plan-apply.ts';
import { getPlan, listPlans } from './plan-list.ts';
import { planNamespace } from './plan-namespace.ts';

/** What a namespace's proxies are to become, and how they differ from it. */
export const planRoutes: readonly AnyRoute[] = [planNamespace, fetchNamespaceDrift, listPlans, getPlan, applyPlan];
