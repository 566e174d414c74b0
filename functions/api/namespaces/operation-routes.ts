import type { AnyRoute } from '#api/route';
import { cancelOperation, resumeOperation, rollBackOperation } from './operation-actions.ts';
import { getOperation, listOperations } from './operation-list.ts';

/** Changes of proxies, under way and done. */
export const operationRoutes: readonly AnyRoute[] = [
  listOperations,
  getOperation,
  rollBackOperation,
  cancelOperation,
  resumeOperation,
];
