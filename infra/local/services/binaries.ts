import { accessSync, constants, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { ProxywatchError } from '@proxywatch/core/domain/errors';
import { z } from 'zod';

const PACKAGES = z
  .array(z.object({ package: z.string(), binary: z.string() }))
  .parse(JSON.parse(readFileSync(new URL('../bootstrap/debian-packages.json', import.meta.url), 'utf8')));

/** Where Debian keeps servers, which the PATH of an ordinary user leaves out. */
const SYSTEM_FOLDERS = ['/usr/sbin', '/sbin'];

/** Absolute path of an installed server. Throws SERVICE_START_FAILED with the package that brings it. */
export function findBinary(name: string, path = process.env.PATH ?? ''): string {
  for (const folder of [...path.split(delimiter), ...SYSTEM_FOLDERS]) {
    const file = join(folder, name);
    if (folder !== '' && isExecutable(file)) return file;
  }
  const owner = PACKAGES.find(({ binary }) => binary === name)?.package ?? name;
  throw new ProxywatchError(
    'SERVICE_START_FAILED',
    `${name} is not installed: it is in the Debian package ${owner} (apt-get install ${owner})`,
  );
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
