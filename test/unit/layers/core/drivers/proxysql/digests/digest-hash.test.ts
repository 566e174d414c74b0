import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { digestOf } from '@proxywatch/core/drivers/proxysql/digests/digest-hash';

const recorded: { readonly digests: readonly { readonly digest: string; readonly text: string }[] } = JSON.parse(
  readFileSync(new URL('../../../../../../contract/recordings/lab-traffic/digest-texts.json', import.meta.url), 'utf8'),
);

describe('the digest of a text', () => {
  test('is the one that was recorded, for short texts and long ones', () => {
    const lengths = recorded.digests.map(({ text }) => text.length);
    expect(Math.min(...lengths)).toBeLessThan(16);
    expect(Math.max(...lengths)).toBe(2048);
    expect(recorded.digests.map(({ text }) => ({ digest: digestOf(text), text }))).toEqual(recorded.digests);
  });

  test('has 16 digits even if the hash starts with zeros', () => {
    const digests = Array.from({ length: 500 }, (_, i) => digestOf(`SELECT ${i} AS x`));
    expect(digests.some((digest) => digest.startsWith('0x0'))).toBe(true);
    for (const digest of digests) expect(digest).toMatch(/^0x[0-9A-F]{16}$/);
  });

  test('depends on every byte, also beyond ASCII', () => {
    expect(digestOf('SELECT ? AS é')).not.toBe(digestOf('SELECT ? AS è'));
  });
});
