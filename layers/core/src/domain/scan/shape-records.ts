import type { StatementFilter } from '../monitoring-settings/statement-filter.ts';
import { cutText } from './mask-literals.ts';
import type { ScanRecord } from './scan-record.ts';

export interface RecordShape {
  /** Which statements are told one by one. @default all */
  readonly tells?: StatementFilter;
  /** Characters of statements and messages. @default as many as each kind has */
  readonly textLength?: number;
}

/**
 * Records as somebody wants to have them: without the slow statements and transactions that are not to be told, and with
 * texts of a length. What sums up (statistics, errors) is not touched: nothing may be missing from a sum.
 */
export function shapedRecords(
  records: readonly ScanRecord[],
  { tells, textLength }: RecordShape,
): readonly ScanRecord[] {
  if (tells === undefined && textLength === undefined) return records;
  const told = tells === undefined ? records : records.filter((record) => !isStatement(record) || tells(record));
  return textLength === undefined ? told : told.map((record) => withTextOf(record, textLength));
}

function isStatement(record: ScanRecord): record is Extract<ScanRecord, { kind: 'slowSql' | 'slowTransactions' }> {
  return record.kind === 'slowSql' || record.kind === 'slowTransactions';
}

function withTextOf(record: ScanRecord, length: number): ScanRecord {
  switch (record.kind) {
    case 'slowSql': {
      if (record.text === undefined) return record;
      const { text, isCut } = cutText(record.text, length);
      return { ...record, text, ...(isCut && { isCut }) };
    }
    case 'slowTransactions':
      return record.statement === undefined ? record : { ...record, statement: cutText(record.statement, length).text };
    case 'sqlErrors':
      return record.lastError === undefined ? record : { ...record, lastError: cutText(record.lastError, length).text };
    default:
      return record;
  }
}
