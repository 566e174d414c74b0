import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Metafile } from 'esbuild';
import { ROOT } from './bundle.ts';

const FILE = /^(licen[cs]e|notice|copying)/i;
const PACKAGE = /^.*node_modules\/(?:@[^/]+\/)?[^/]+/;

/** The licence texts of all packages of which something stands in these bundles, since the bundles have only the code. */
export function licensesOf(metafiles: readonly Metafile[]): string {
  const inputs = metafiles.flatMap(({ inputs }) => Object.keys(inputs));
  const folders = new Set(inputs.flatMap((path) => path.match(PACKAGE) ?? []));
  return [...folders].sort().map(licenseOf).join('\n');
}

function licenseOf(folder: string): string {
  const path = join(ROOT, folder);
  const { name, version, license } = JSON.parse(readFileSync(join(path, 'package.json'), 'utf8'));
  const texts = readdirSync(path)
    .filter((file) => FILE.test(file))
    .sort()
    .map((file) => readFileSync(join(path, file), 'utf8').trim());
  return [`==== ${name} ${version} (${license})`, ...texts, ''].join('\n\n');
}
