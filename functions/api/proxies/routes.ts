import type { AnyRoute } from '#api/route';
import { batchProxies } from './batch-proxies.ts';
import { changeProxy } from './change-proxy.ts';
import { listProxyPeers } from './cluster-peers.ts';
import { compareProxies } from './compare-proxies.ts';
import { createProxy } from './create-proxy.ts';
import { deleteProxy } from './delete-proxy.ts';
import { getProxy } from './get-proxy.ts';
import { listProxies } from './list-proxies.ts';
import { drainProxy, pauseProxy, resumeProxy, retireProxy } from './switch-state.ts';
import { probeRegisteredProxy } from './try-proxy.ts';

export const proxiesRoutes: readonly AnyRoute[] = [
  listProxies,
  createProxy,
  batchProxies,
  getProxy,
  changeProxy,
  deleteProxy,
  probeRegisteredProxy,
  pauseProxy,
  resumeProxy,
  drainProxy,
  retireProxy,
  compareProxies,
  listProxyPeers,
];
