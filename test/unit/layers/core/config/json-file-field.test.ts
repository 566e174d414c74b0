import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { jsonFile } from '@proxywatch/core/config/json-file-field';
import { parseEnvironment } from '@proxywatch/core/config/parse-environment';
import { proxiesFile } from '@proxywatch/core/config/proxies-file';
import { messageOf } from '@proxywatch/core/domain/errors';
import { z } from 'zod';
import { temporaryFolder } from '../../../../support/temporary-folder.ts';

describe('a JSON file named by a variable', () => {
  let folder: string;
  beforeEach(() => {
    folder = temporaryFolder();
  });

  const schema = z.object({ PROXIES_FILE: jsonFile(proxiesFile) });

  test('is checked, and its path is the value', () => {
    const path = join(folder, 'good.json');
    writeFileSync(path, '[]');
    expect(parseEnvironment(schema, { PROXIES_FILE: path })).toEqual({ PROXIES_FILE: path });
  });

  test('has each problem inside it reported under the variable', () => {
    const path = join(folder, 'bad.json');
    writeFileSync(path, '[1, true]');
    expect(() => parseEnvironment(schema, { PROXIES_FILE: path })).toThrow(
      `2 problems in the environment\n  PROXIES_FILE: ${path} /0: expected object, got number\n  PROXIES_FILE: ${path} /1: expected object, got boolean`,
    );
  });

  test('is named when it cannot be read', () => {
    for (const [path, reason] of [
      [join(folder, 'absent.json'), 'ENOENT'],
      [folder, 'EISDIR'],
    ] as const) {
      expect(messageOf(thrownFor(path))).toContain(
        `PROXIES_FILE: ${path} cannot be read (${reason}), expected the path of a JSON file`,
      );
    }
  });

  function thrownFor(path: string): unknown {
    try {
      return parseEnvironment(schema, { PROXIES_FILE: path });
    } catch (error) {
      return error;
    }
  }
});
