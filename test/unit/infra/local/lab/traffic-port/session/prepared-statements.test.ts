import { describe, expect, test } from '@jest/globals';
import {
  executeCommand,
  PreparedStatements,
  renumbered,
} from '../../../../../../../infra/local/lab/traffic-port/session/prepared-statements.ts';

/** COM_STMT_EXECUTE of statement 1 with two parameters. */
function execute(tail: readonly number[]): Buffer {
  return Buffer.from([0x17, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, ...tail]);
}

const TYPES = [0x08, 0, 0x0f, 0];

describe('an execution on another connection', () => {
  test('carries the number that this connection knows, and asks for no cursor', () => {
    const statement = new PreparedStatements().add('SELECT ?, ?', 2);
    const command = executeCommand(execute([1, ...TYPES, 5]), statement, 258);
    expect([...command]).toEqual([0x17, 2, 1, 0, 0, 0, 1, 0, 0, 0, 0, 1, ...TYPES, 5]);
  });

  test('repeats the types that the client bound before', () => {
    const statement = new PreparedStatements().add('SELECT ?, ?', 2);
    executeCommand(execute([1, ...TYPES, 5]), statement, 1);
    expect([...executeCommand(execute([0, 6]), statement, 1)].slice(11)).toEqual([1, ...TYPES, 6]);
  });

  test('needs no types without parameters', () => {
    const statement = new PreparedStatements().add('SELECT 1', 0);
    const command = Buffer.from([0x17, 1, 0, 0, 0, 0, 1, 0, 0, 0]);
    expect([...executeCommand(command, statement, 9)]).toEqual([0x17, 9, 0, 0, 0, 0, 1, 0, 0, 0]);
  });
});

describe('the statements of a client', () => {
  const close = (id: number) => Buffer.from([0x19, id, 0, 0, 0]);

  test('keep their numbers until they are closed', () => {
    const statements = new PreparedStatements();
    const { id } = statements.add('SELECT 1', 0);
    expect(statements.add('SELECT 2', 0).id).not.toBe(id);
    expect(statements.named(close(id))?.sql).toBe('SELECT 1');
    statements.close(close(id));
    expect(statements.named(close(id))).toBeUndefined();
    expect(statements.size).toBe(1);
  });

  test('know no command that is too short to name one', () => {
    expect(new PreparedStatements().named(Buffer.of(0x17, 1))).toBeUndefined();
  });

  test('are bounded', () => {
    const statements = new PreparedStatements();
    for (let i = 0; i < 16_382; i += 1) statements.add('SELECT 1', 0);
    expect(statements.full).toBe(true);
  });

  test("are told to the client by the session's number", () => {
    const answer = Buffer.from([12, 0, 0, 1, 0, 99, 0, 0, 0, 1, 0]);
    expect([...renumbered(answer, 3)]).toEqual([12, 0, 0, 1, 0, 3, 0, 0, 0, 1, 0]);
    expect(answer[5]).toBe(99);
  });
});
