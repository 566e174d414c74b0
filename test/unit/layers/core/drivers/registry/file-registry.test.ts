import { rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { errorCodeOf } from '@proxywatch/core/domain/errors';
import { createFileRegistry } from '@proxywatch/core/drivers/registry/file-registry';
import { temporaryFolder } from '../../../../../support/temporary-folder.ts';

const proxy = {
  id: 'b',
  kind: 'proxysql',
  namespace: 'shop',
  adminHost: '10.0.0.1',
  adminPort: 6032,
  statsCredentialRef: 'stats',
};

describe('the registry from PROXIES_FILE', () => {
  let path: string;
  const write = (value: unknown) => writeFile(path, JSON.stringify(value));
  beforeEach(() => {
    path = join(temporaryFolder(), 'proxies.json');
  });

  test('gives the proxies by id, and the same object while nothing changes', async () => {
    await write([proxy, { ...proxy, id: 'a' }]);
    const registry = createFileRegistry(path);
    const snapshot = await registry.fetchProxies();
    expect(snapshot.proxies.map(({ id }) => id)).toEqual(['a', 'b']);
    expect(await registry.fetchProxies()).toBe(snapshot);
  });

  test('follows an edit, with a version that moves with the content only', async () => {
    await write([proxy]);
    const registry = createFileRegistry(path);
    const { version } = await registry.fetchProxies();
    await writeFile(path, JSON.stringify([proxy], undefined, 2));
    expect((await registry.fetchProxies()).version).toBe(version);
    await write([proxy, { ...proxy, id: 'a' }]);
    const after = await registry.fetchProxies();
    expect(after.proxies).toHaveLength(2);
    expect(after.version).not.toBe(version);
  });

  test('keeps the last good list while an edit is broken, and says why', async () => {
    await write([proxy]);
    const registry = createFileRegistry(path);
    const good = await registry.fetchProxies();
    await write([{ ...proxy, adminPort: 'x' }, proxy]);
    for (let i = 0; i < 2; i++) {
      expect(await registry.fetchProxies()).toEqual({
        ...good,
        problem: `2 problems in ${path}\n  /0/adminPort: expected number, got string\n  /1/id: "b" is taken by /0`,
      });
    }
    await write([]);
    expect(await registry.fetchProxies()).toMatchObject({ proxies: [], damaged: [] });
    expect(await registry.fetchProxies()).not.toHaveProperty('problem');
  });

  test('takes a file that was out of reach for a while as it is, though nothing of it changed', async () => {
    await write([proxy]);
    const registry = createFileRegistry(path);
    const good = await registry.fetchProxies();
    const folder = dirname(path);
    await rename(folder, `${folder}-away`);
    expect(await registry.fetchProxies()).toEqual({ ...good, problem: `${path} cannot be read` });
    await rename(`${folder}-away`, folder);
    expect(await registry.fetchProxies()).toEqual(good);
  });

  test('fails while there was no good list yet', async () => {
    const registry = createFileRegistry(path);
    const codeOf = async () => errorCodeOf(await registry.fetchProxies().catch((error: unknown) => error));
    expect(await codeOf()).toBe('CONFIG_INVALID');
    await writeFile(path, 'no json');
    expect(await codeOf()).toBe('CONFIG_INVALID');
    expect(await codeOf()).toBe('CONFIG_INVALID');
    await write([proxy]);
    expect(await codeOf()).toBeUndefined();
  });
});
