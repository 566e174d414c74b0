import type { VariableSettingRecord } from '@proxywatch/core/drivers/dcdb/variables/variable-settings';
import type { VariableDefinition } from '@proxywatch/core/ports/proxy-control';
import { MASK, type SettingAnswer } from './variable-fields.ts';

/** A setting as callers, the audit and stored answers see it. */
export function settingResource(record: VariableSettingRecord, nowMs: number): SettingAnswer {
  return {
    id: record.id,
    scope: record.scope,
    scopeName: record.scopeName,
    kind: record.kind,
    name: record.name,
    value: record.isSecret ? MASK : record.value,
    secret: record.isSecret,
    reason: record.reason,
    expired: record.expiresAt !== null && record.expiresAt.getTime() <= nowMs,
    expiresAt: record.expiresAt?.toISOString() ?? null,
    createdBy: record.createdBy,
    revision: record.revision,
    createdAt: record.createdAt.toISOString(),
    updatedAt: record.updatedAt.toISOString(),
  };
}

export function definitionResource(kind: string, definition: VariableDefinition) {
  return {
    kind,
    name: definition.name,
    type: definition.type,
    range: definition.range ?? null,
    default: definition.default,
    needsRestart: definition.needsRestart,
    secret: definition.isSecret,
    guarded: definition.isGuarded,
    refusal: definition.refusal ?? null,
  };
}

export function desiredResource(setting: VariableSettingRecord | undefined) {
  if (setting === undefined) return null;
  const { id, scope, scopeName, value, isSecret, reason, expiresAt } = setting;
  return {
    value: isSecret ? MASK : value,
    scope,
    scopeName,
    settingId: id,
    reason,
    expiresAt: expiresAt?.toISOString() ?? null,
  };
}
