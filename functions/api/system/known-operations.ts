import type { KnownOperation } from '#api/find-route';
import { apiRoutes } from '../routes.ts';

/** Of all modules. Packed for Lambda it is a table that was written then: it takes the code of all of them to make it. */
export const knownOperations: readonly KnownOperation[] = apiRoutes;
