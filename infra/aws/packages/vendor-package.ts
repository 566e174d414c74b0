import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Metafile } from 'esbuild';
import { bundle, type Files, jsonOf, ROOT } from './bundle.ts';

export interface PackedPackage {
  /** By their path in `node_modules`. */
  readonly files: Files;
  readonly metafile: Metafile;
}

/**
 * A third-party package as one file of CommonJS, with all that it needs: Lambda requires no ES modules, and opening hundreds of
 * files was what took longest of a cold start.
 * @param imports what is imported of it, such as `kysely` and `kysely/migration`; nothing else can be
 */
export async function packVendorPackage(name: string, imports: readonly string[]): Promise<PackedPackage> {
  const { type } = JSON.parse(readFileSync(join(ROOT, 'node_modules', name, 'package.json'), 'utf8'));
  const source = type === 'module' ? fromEsModules(imports) : fromCommonJs(imports);
  const { files, metafile } = await bundle({
    stdin: { contents: source, resolveDir: ROOT, sourcefile: 'all.js' },
    entryNames: 'all',
    // The source is written here, for a bundle that is CommonJS: `module` means its own.
    logOverride: { 'commonjs-variable-in-esm': 'silent' },
  });
  const stubs = imports.map(
    (path, i) => [`entry-${i}.js`, `module.exports = require('./all.js')[${JSON.stringify(path)}];\n`] as const,
  );
  const entries = imports.map((path, i) => [`.${path.slice(name.length)}`, `./entry-${i}.js`] as const);
  const manifest = jsonOf({ name, type: 'commonjs', exports: Object.fromEntries(entries) });
  const written = [...files, ['package.json', manifest] as const, ...stubs];
  return { files: new Map(written.map(([path, text]) => [`${name}/${path}`, text])), metafile };
}

function fromCommonJs(imports: readonly string[]): string {
  const getters = imports.map((path) => `get ${JSON.stringify(path)}() { return require(${JSON.stringify(path)}); },`);
  return `module.exports = {\n${getters.join('\n')}\n};\n`;
}

/**
 * Whoever imports the default of CommonJS gets `module.exports`. So a default that is a function stands for its module, with the
 * other exports on it.
 */
function fromEsModules(imports: readonly string[]): string {
  return [
    ...imports.map((path, i) => `import * as module${i} from ${JSON.stringify(path)};`),
    "const commonJs = (all) => (typeof all.default === 'function' ? Object.assign(all.default, all) : all);",
    'module.exports = {',
    ...imports.map((path, i) => `${JSON.stringify(path)}: commonJs(module${i}),`),
    '};',
  ].join('\n');
}
