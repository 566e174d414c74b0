import type { AnyRoute } from '#api/route';
import { listAudit } from './audit.ts';
import { changeRoleBinding, createRoleBinding, removeRoleBinding } from './change-role-bindings.ts';
import { getDocs, getOpenApi } from './document-routes.ts';
import { getDriverCapabilities, listDrivers } from './drivers.ts';
import { getHealth } from './health.ts';
import { getMe } from './me.ts';
import { getRoleBinding, listRoleBindings } from './read-role-bindings.ts';
import { getWrites, setWrites } from './writes-switch.ts';

export const systemRoutes: readonly AnyRoute[] = [
  getHealth,
  getOpenApi,
  getDocs,
  getMe,
  listRoleBindings,
  getRoleBinding,
  createRoleBinding,
  changeRoleBinding,
  removeRoleBinding,
  listAudit,
  listDrivers,
  getDriverCapabilities,
  getWrites,
  setWrites,
];
