import type { AnyRoute } from './shared/route.ts';

/** Every operation of the API. */
export const apiRoutes: readonly AnyRoute[] = [];
