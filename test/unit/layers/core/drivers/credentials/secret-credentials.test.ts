import { beforeEach, describe, expect, test } from '@jest/globals';
import { ProxywatchError } from '@proxywatch/core/domain/errors';
import { createSecretCredentials } from '@proxywatch/core/drivers/credentials/secret-credentials';
import type { CredentialSource } from '@proxywatch/core/ports/credential-source';
import { arnOf } from '../../../../../support/fake-secrets-manager.ts';
import { type MemorySecrets, memorySecrets } from '../../../../../support/memory-secrets.ts';

const STATS = arnOf('stats');
const ADMIN = arnOf('admin');
const AWAY = new ProxywatchError('SERVICE_UNREACHABLE', 'secrets are away');

let secrets: MemorySecrets;
let source: CredentialSource;
let nowMs: number;
let problems: string[];
beforeEach(() => {
  secrets = memorySecrets({ [STATS]: credentials('stats', 'one'), [ADMIN]: '{}' });
  nowMs = 1_000_000;
  problems = [];
  const onProblem = (problem: string) => void problems.push(problem);
  source = createSecretCredentials({ arns: [STATS, ADMIN], secrets, onProblem, nowMs: () => nowMs });
});

const passwordOf = async (ref: string) => (await source.fetchCredential(ref)).password;

describe('credentials from secrets', () => {
  test('are found in any of them, the first that has one', async () => {
    secrets.texts.set(ADMIN, JSON.stringify({ stats: { user: 'x', password: 'x' }, ...named('admin', 'two') }));
    expect(await source.fetchCredential('stats')).toEqual({ user: 'stats', password: 'one' });
    expect(await passwordOf('admin')).toBe('two');
  });

  test('are remembered for a minute, for all who ask at once too', async () => {
    await Promise.all([passwordOf('stats'), passwordOf('stats')]);
    nowMs += 59_999;
    secrets.texts.set(STATS, credentials('stats', 'rotated'));
    expect(await passwordOf('stats')).toBe('one');
    expect(secrets.asked).toEqual([STATS, ADMIN]);
    nowMs += 1;
    expect(await passwordOf('stats')).toBe('rotated');
  });

  test('that are missing are asked for at once, but not with each call', async () => {
    await passwordOf('stats');
    const missing = { code: 'CREDENTIAL_MISSING' };
    await expect(source.fetchCredential('new')).rejects.toMatchObject(missing);
    expect(secrets.asked).toHaveLength(2);
    nowMs += 3_000;
    secrets.texts.set(ADMIN, credentials('new', 'n'));
    expect(await passwordOf('new')).toBe('n');
    await expect(source.fetchCredential('toString')).rejects.toMatchObject(missing);
    expect(secrets.asked).toHaveLength(4);
  });

  test('stay as they were while their secret cannot be read, which is told once', async () => {
    await passwordOf('stats');
    secrets.failure = AWAY;
    for (let i = 0; i < 5; i++) {
      nowMs += 60_000;
      expect(await passwordOf('stats')).toBe('one');
    }
    expect(problems).toEqual(['secrets are away', 'secrets are away']);
    secrets.failure = undefined;
    secrets.texts.set(STATS, credentials('stats', 'back'));
    nowMs += 3_000;
    expect(await passwordOf('stats')).toBe('back');
  });

  test('are not asked for again right after a failure', async () => {
    secrets.failure = AWAY;
    await expect(source.fetchCredential('stats')).rejects.toBe(AWAY);
    await expect(source.fetchCredential('stats')).rejects.toBe(AWAY);
    expect(secrets.asked).toHaveLength(2);
    secrets.failure = undefined;
    nowMs += 3_000;
    expect(await passwordOf('stats')).toBe('one');
  });

  test('of one secret work while another is broken, and no problem shows a password', async () => {
    secrets.texts.set(ADMIN, '{"admin":{"user":"a","password":"hunter2"');
    expect(await passwordOf('stats')).toBe('one');
    await expect(source.fetchCredential('admin')).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    expect(problems).toEqual([expect.stringContaining(`secret ${ADMIN}\n  not valid JSON`)]);
    expect(problems.join()).not.toContain('hunter2');
  });

  test('are asked for anew when the clock was set back', async () => {
    await passwordOf('stats');
    nowMs -= 3_600_000;
    secrets.texts.set(STATS, credentials('stats', 'rotated'));
    expect(await passwordOf('stats')).toBe('rotated');
  });

  test('are not waited for by a caller that has gone', async () => {
    const reason = new Error('gone');
    await expect(source.fetchCredential('stats', AbortSignal.abort(reason))).rejects.toBe(reason);
    const hung = createSecretCredentials({ arns: [STATS], secrets: { fetchSecret: () => new Promise(() => {}) } });
    const leaving = new AbortController();
    const waiting = hung.fetchCredential('stats', leaving.signal);
    leaving.abort(reason);
    await expect(waiting).rejects.toBe(reason);
  });
});

function named(user: string, password: string) {
  return { [user]: { user, password } };
}

function credentials(user: string, password: string): string {
  return JSON.stringify(named(user, password));
}
