import { apiRoutes } from '../routes.ts';
import type { KnownOperation } from '../shared/find-route.ts';

/** Of all modules. Packed for Lambda it is a table that was written then: it takes the code of all of them to make it. */
export const knownOperations: readonly KnownOperation[] = apiRoutes;
