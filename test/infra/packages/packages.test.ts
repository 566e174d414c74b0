import { cpSync, globSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { API_MODULES } from '../../../functions/api/shared/route.ts';
import { writeFiles } from '../../../infra/aws/packages/bundle.ts';
import { FUNCTIONS, type LayerName } from '../../../infra/aws/packages/functions.ts';
import { bundleFunctions, type PackedFunction, packFunctions } from '../../../infra/aws/packages/pack-functions.ts';
import { type PackedLayers, packLayers } from '../../../infra/aws/packages/pack-layers.ts';
import { packVendorPackage } from '../../../infra/aws/packages/vendor-package.ts';
import { type LambdaSandbox, unpackLambda } from '../../support/lambda-sandbox.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const KB = 1_000;
const MB = 1_000_000;

let folder: string;
let functions: readonly PackedFunction[];
let layers: PackedLayers;
let lambda: LambdaSandbox;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'packages-'));
  const outDir = join(folder, 'packed');
  [functions, layers] = await Promise.all([packFunctions({ outDir }), packLayers({ outDir })]);
  lambda = unpackLambda(join(folder, 'lambda'), { functions: {}, layers: Object.values(layers) });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const filesIn = (path: string) =>
  globSync('**/*', { cwd: path, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
const sizeOf = (path: string) => filesIn(path).reduce((bytes, file) => bytes + statSync(file).size, 0);
const contentsOf = (path: string) =>
  new Map(filesIn(path).map((file) => [file.slice(path.length), readFileSync(file, 'utf8')]));

describe('what is deployed', () => {
  test('is small: functions below 200 kB each, layers below 20 MB', () => {
    expect(functions.map(({ name }) => name)).toEqual(FUNCTIONS.map(({ name }) => name));
    for (const { path } of functions) expect(sizeOf(path)).toBeLessThan(200 * KB);
    for (const path of Object.values(layers)) expect(sizeOf(path)).toBeLessThan(20 * MB);
  });

  test('is code and licences, and nothing that only developers need', () => {
    const packed = [...functions.map(({ path }) => path), ...Object.values(layers)].flatMap(filesIn);
    expect(packed.filter((path) => !/\.js$|\/package\.json$|\/THIRD-PARTY-LICENSES\.txt$/.test(path))).toEqual([]);
    const texts = packed.map((path) => readFileSync(path, 'utf8')).join('\n');
    expect(texts).not.toContain(ROOT);
    expect(texts).not.toContain(folder);
    expect(texts).not.toContain('sourceMappingURL=data:');
    expect(texts).not.toMatch(/-----BEGIN [A-Z ]*PRIVATE KEY-----(?:\\n|\s)*[A-Za-z0-9+/]{20}|AKIA[0-9A-Z]{16}/);
  });

  test('keeps to itself what the runtime brings', () => {
    expect(filesIn(layers.vendor).filter((path) => path.includes('/node_modules/@aws-sdk/'))).toEqual([]);
  });

  test('has the licence of every package that is in it', () => {
    const licences = readFileSync(join(layers.vendor, 'THIRD-PARTY-LICENSES.txt'), 'utf8');
    const heads = [...licences.matchAll(/^==== (\S+) \d+\.\d+\.\d+ \((.+)\)$/gm)].map(([, name, id]) => [name, id]);
    expect(heads.map(([name]) => name)).toEqual(
      expect.arrayContaining(['ioredis', 'denque', 'kafkajs', 'kysely', 'mysql2', 'iconv-lite', 'zod']),
    );
    expect(heads.filter(([, id = '']) => !['MIT', 'ISC', '0BSD', 'Apache-2.0'].includes(id))).toEqual([]);
    expect(licences).toContain('Permission is hereby granted');
  });

  test('is the same when it is packed again, elsewhere', async () => {
    const outDir = join(folder, 'another/place');
    await Promise.all([packFunctions({ outDir }), packLayers({ outDir })]);
    expect(contentsOf(outDir)).toEqual(contentsOf(join(folder, 'packed')));
  });

  test('has its source maps beside it', () => {
    const map = JSON.parse(
      readFileSync(join(folder, 'packed/source-maps/functions/scanner-dispatch/handler.js.map'), 'utf8'),
    );
    expect(map.sources.join()).toContain('functions/scanner/dispatch/handler.ts');
  });
});

describe('the layers', () => {
  test.each([
    ['core', 'layers/core/src'],
    ['api', 'functions/api/shared'],
  ])('have each module of %s, all of which load', async (name, sources) => {
    const modules = globSync('**/*.ts', { cwd: join(ROOT, sources) }).map((path) => path.replace(/\.ts$/, ''));
    const script = `const all = require('@proxywatch/${name}'); console.log(JSON.stringify(Object.keys(all).filter((name) => all[name])))`;
    expect(JSON.parse(await lambda.run(script))).toEqual(modules.sort());
  });

  test('are used by those that need them', () => {
    const users = (layer: LayerName) =>
      functions.filter(({ layers }) => layers.includes(layer)).map(({ name }) => name);
    expect(users('api')).toEqual(API_MODULES.map((name) => `api-${name}`));
    expect(users('core')).toEqual(FUNCTIONS.map(({ name }) => name));
    expect(users('vendor')).toEqual(FUNCTIONS.map(({ name }) => name));
  });

  test('have all that modules of the API share, which stands nowhere twice', () => {
    const own = functions.map(({ path }) => readFileSync(join(path, 'handler.js'), 'utf8'));
    expect(own.filter((text) => text.includes('\n// functions/api/shared/'))).toEqual([]);
    const shared = readFileSync(join(layers.api, 'nodejs/node_modules/@proxywatch/api/index.js'), 'utf8');
    const sources = [...shared.matchAll(/^\/\/ (functions\/.*)\.ts$/gm)].map(([, source = '']) => source);
    expect(sources).toContain('functions/api/shared/serve-request');
    expect(sources.filter((source) => !source.startsWith('functions/api/shared/'))).toEqual([]);
  });

  test('export what Node imports from the same packages', async () => {
    const script = `
      const names = ['ioredis', 'kafkajs', 'kysely', 'kysely/migration', 'mysql2', 'zod'];
      console.log(JSON.stringify(names.map((name) => [name, Object.keys(require(name)).sort()])));`;
    for (const [name, exported] of JSON.parse(await lambda.run(script))) {
      const known = Object.keys(await import(name)).filter((key) => key !== 'default' && key !== 'module.exports');
      expect([name, known.filter((key) => !exported.includes(key))]).toEqual([name, []]);
    }
  });

  test('know the errors of another copy of themselves by their brand', async () => {
    const copy = join(folder, 'copy');
    cpSync(join(layers.core, 'nodejs/node_modules/@proxywatch/core'), copy, { recursive: true });
    const script = `
      const [ours, theirs] = [require('@proxywatch/core'), require(process.argv[2])].map((core) => core['domain/errors']);
      const error = new theirs.ProxywatchError('PROXY_BUSY', 'busy');
      console.log(error instanceof ours.ProxywatchError, ours.isProxywatchError(error), ours.errorCodeOf(error));`;
    expect((await lambda.run(script, [copy])).trim()).toBe('false true PROXY_BUSY');
  });
});

describe('packing', () => {
  const entryOf = (source: string) => {
    const path = join(folder, 'entry.ts');
    writeFileSync(path, source);
    return [{ name: 'entry', entry: path }];
  };

  test('refuses a package that no layer has', async () => {
    const packed = bundleFunctions(entryOf("import { build } from 'esbuild'; export const handler = build;"));
    await expect(packed).rejects.toThrow(
      'esbuild is in no layer: add it to the dependencies in layers/vendor/package.json',
    );
  });

  test('refuses a module that the core does not have', async () => {
    const packed = bundleFunctions(entryOf("export { nothing as handler } from '@proxywatch/core/domain/nothing';"));
    await expect(packed).rejects.toThrow('there is no layers/core/src/domain/nothing.ts');
  });

  test('keeps the default export of a package that has ES modules only', async () => {
    const [vendor, task] = [join(folder, 'middy/opt'), join(folder, 'middy/task')];
    const { files } = await packVendorPackage('@middy/core', ['@middy/core']);
    await writeFiles(join(vendor, 'nodejs/node_modules'), files);
    const packed = await bundleFunctions([{ name: 'entry', entry: 'test/infra/packages/middy-entry.ts' }]);
    await writeFiles(task, packed.files);
    const sandbox = unpackLambda(join(folder, 'middy/lambda'), {
      functions: { entry: join(task, 'entry') },
      layers: [vendor],
    });
    expect((await sandbox.invoke('entry', ['hello'])).outcomes).toEqual(['hello from middy']);
  });
});
