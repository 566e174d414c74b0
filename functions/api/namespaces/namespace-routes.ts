import type { AnyRoute } from '#api/route';
import { batchNamespaces } from './batch-namespaces.ts';
import { changeNamespace, offlineNamespace, onlineNamespace } from './change-namespace.ts';
import { cloneNamespace } from './clone-namespace.ts';
import { createNamespace } from './create-namespace.ts';
import { deleteNamespace } from './delete-namespace.ts';
import { getNamespace, listNamespaces } from './list-namespaces.ts';
import {
  diffNamespaceRevisions,
  getNamespaceRevision,
  listNamespaceRevisions,
  restoreNamespace,
} from './namespace-revisions.ts';
import { testSql } from './test-sql.ts';

/** Namespaces themselves; what is done with their proxies stands beside it. */
export const namespaceRoutes: readonly AnyRoute[] = [
  listNamespaces,
  createNamespace,
  batchNamespaces,
  getNamespace,
  changeNamespace,
  deleteNamespace,
  onlineNamespace,
  offlineNamespace,
  cloneNamespace,
  restoreNamespace,
  testSql,
  listNamespaceRevisions,
  getNamespaceRevision,
  diffNamespaceRevisions,
];
