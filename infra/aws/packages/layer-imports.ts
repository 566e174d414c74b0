import { existsSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join } from 'node:path';
import type { Metafile, Plugin } from 'esbuild';
import { ROOT } from './bundle.ts';

export const CORE = '@proxywatch/core';
export const CORE_SOURCES = 'layers/core/src';

/** The runtime brings the clients of AWS, all of one version. In a layer they would come first, and mix with its own. */
const RUNTIME = /^@aws-sdk\/client-/;
const VENDOR: readonly string[] = ['package.json', 'layers/vendor/package.json']
  .flatMap((path) => Object.keys(JSON.parse(readFileSync(join(ROOT, path), 'utf8')).dependencies))
  .filter((name) => !RUNTIME.test(name));

/**
 * Leaves to layers and runtime what they have; anything else that is no file of the project is an error. Modules of the layer
 * core are taken from its one file: opening one for each of them took longer than all that they do.
 */
export const layerImports: Plugin = {
  name: 'layer-imports',
  setup(build) {
    build.onResolve({ filter: /^[^./]/ }, ({ path, kind }) => {
      if (kind === 'entry-point') return undefined;
      if (path.startsWith(`${CORE}/`)) return coreModule(path.slice(CORE.length + 1));
      if (path === CORE || isBuiltin(path) || RUNTIME.test(path) || isInVendor(path)) return { path, external: true };
      return {
        errors: [{ text: `${path} is in no layer: add it to the dependencies in layers/vendor/package.json` }],
      };
    });
    build.onLoad({ filter: /./, namespace: CORE }, ({ path }) => ({
      contents: `module.exports = require(${JSON.stringify(CORE)})[${JSON.stringify(path)}];`,
    }));
  },
};

/** What of third-party packages is imported, such as `kysely/migration`: by package, sorted. */
export function vendorImportsOf(metafiles: readonly Metafile[]): ReadonlyMap<string, readonly string[]> {
  const imports = metafiles.flatMap(({ outputs }) => Object.values(outputs).flatMap((output) => output.imports));
  const paths = [...new Set(imports.map(({ path }) => path))].filter(isInVendor).sort();
  return Map.groupBy(paths, packageOf);
}

function coreModule(path: string) {
  const file = `${CORE_SOURCES}/${path}.ts`;
  return existsSync(join(ROOT, file)) ? { path, namespace: CORE } : { errors: [{ text: `there is no ${file}` }] };
}

function isInVendor(path: string): boolean {
  return VENDOR.includes(packageOf(path));
}

function packageOf(path: string): string {
  return path
    .split('/')
    .slice(0, path.startsWith('@') ? 2 : 1)
    .join('/');
}
