import type { ConfigRow, FieldValue } from '../../../../domain/control/config-rows.ts';
import { ruleKey } from '../tables.ts';

/** What a rule of Proxywatch says; all else in it is decided to be nothing. */
export interface RuleSpec {
  readonly id: number;
  readonly username?: string;
  readonly schemaname?: string;
  readonly clientAddress?: string;
  readonly digest?: string;
  readonly matchDigest?: string;
  /** Matches what the pattern does not. */
  readonly isNegated?: boolean;
  readonly flagIn?: number;
  readonly flagOut?: number;
  readonly hostgroup?: number;
  readonly timeoutMs?: number;
  /** Refuses with these words, which clients see. */
  readonly refusal?: string;
  /** No rule behind it is looked at. @default for those that refuse or route */
  readonly isLast?: boolean;
  readonly comment: string;
}

const LONGEST_COMMENT = 500;

export function ruleRow(spec: RuleSpec): ConfigRow {
  const decides = spec.refusal !== undefined || spec.hostgroup !== undefined;
  return {
    key: ruleKey(spec.id),
    fields: {
      rule_id: String(spec.id),
      active: '1',
      username: spec.username ?? null,
      schemaname: spec.schemaname ?? null,
      flagIN: String(spec.flagIn ?? 0),
      client_addr: spec.clientAddress ?? null,
      proxy_addr: null,
      proxy_port: null,
      digest: spec.digest ?? null,
      match_digest: spec.matchDigest ?? null,
      match_pattern: null,
      negate_match_pattern: flag(spec.isNegated ?? false),
      re_modifiers: 'CASELESS',
      flagOUT: number(spec.flagOut),
      replace_pattern: null,
      destination_hostgroup: number(spec.hostgroup),
      cache_ttl: null,
      timeout: number(spec.timeoutMs),
      delay: null,
      mirror_hostgroup: null,
      error_msg: spec.refusal ?? null,
      OK_msg: null,
      log: null,
      apply: flag(spec.isLast ?? decides),
      comment: `proxywatch: ${spec.comment}`.slice(0, LONGEST_COMMENT).toWellFormed(),
    },
  };
}

export const flag = (value: boolean): string => (value ? '1' : '0');

function number(value: number | undefined): FieldValue {
  return value === undefined ? null : String(value);
}
