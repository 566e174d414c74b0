import { describe, expect, test } from '@jest/globals';
import type {
  AccountSpec,
  NamespaceSpec,
  ServerSpec,
} from '../../../../../../../../layers/core/src/domain/control/desired-state.ts';
import {
  FIELDS,
  fieldSupport,
} from '../../../../../../../../layers/core/src/drivers/proxysql/control/render/field-support.ts';

// A field that is added to a resource and not here does not compile.
const ACCOUNT: Record<keyof AccountSpec, true> = {
  username: true,
  password: true,
  defaultHostgroup: true,
  defaultSchema: true,
  schemaLocked: true,
  transactionPersistent: true,
  fastForward: true,
  maxConnections: true,
  useSsl: true,
  access: true,
  allowedIps: true,
  active: true,
  comment: true,
};
const NAMESPACE: Record<keyof NamespaceSpec, true> = {
  name: true,
  online: true,
  readOnly: true,
  allowedSchemas: true,
  allowedIps: true,
  slices: true,
  defaultSlice: true,
  readWriteSplit: true,
  deniedSql: true,
  slowSqlMs: true,
  maxExecutionMs: true,
  maxResultRows: true,
  maxClientConnections: true,
  qpsLimit: true,
};
const SERVER: Record<keyof ServerSpec, true> = {
  hostgroup: true,
  host: true,
  port: true,
  weight: true,
  maxConnections: true,
  maxReplicationLagS: true,
  useSsl: true,
  status: true,
  comment: true,
};

describe('what ProxySQL makes of a field', () => {
  test.each([
    ['account', Object.keys(ACCOUNT)],
    ['namespace', Object.keys(NAMESPACE)],
    ['server', Object.keys(SERVER)],
    ['variable', ['value']],
  ] as const)('is known for each field of a resource: %s', (resource, fields) => {
    expect(fields.filter((field) => fieldSupport(resource, field) === undefined)).toEqual([]);
  });

  test('is said once, with a reason where it is not the whole', () => {
    const names = FIELDS.map(({ resource, field }) => `${resource} ${field}`);
    expect(new Set(names).size).toBe(names.length);
    expect(FIELDS.filter(({ support, reason }) => support !== 'supported' && !reason)).toEqual([]);
  });
});
