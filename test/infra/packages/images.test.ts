import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { GATEWAY_ENVIRONMENT, GATEWAY_NODE_FLAGS } from '../../../functions/gateway/node-flags.ts';
import { packGateway } from '../../../infra/aws/packages/pack-gateway.ts';
import { packPrometheus } from '../../../infra/aws/packages/pack-prometheus.ts';
import { readDockerfile } from '../../support/dockerfile.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

let contexts: Record<'gateway' | 'prometheus', string>;
beforeAll(async () => {
  const outDir = temporaryFolder('file');
  const [gateway, prometheus] = await Promise.all([packGateway({ outDir }), packPrometheus({ outDir })]);
  contexts = { gateway, prometheus };
});

describe.each(['gateway', 'prometheus'] as const)('the image of %s', (name) => {
  test('is built from what its folder has, of a base of one version, without running anything', () => {
    const { base, sources, instructions } = readDockerfile(contexts[name]);
    expect(base).toMatch(/^[a-z.]+\/[a-z/]+:v?\d+[\w.-]*$/);
    expect(sources.length).toBeGreaterThan(0);
    expect(sources.filter((source) => !existsSync(join(contexts[name], source)))).toEqual([]);
    expect(instructions.map((instruction) => instruction.name)).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/^(RUN|ADD|ARG|ONBUILD)$/)]),
    );
  });

  test('copies all that its folder has', () => {
    const { sources } = readDockerfile(contexts[name]);
    expect(globSync('**', { cwd: contexts[name] }).toSorted()).toEqual([...sources, '.', 'Dockerfile'].toSorted());
  });

  test('runs as a user that is not root, to the end', () => {
    const { user, instructions } = readDockerfile(contexts[name]);
    expect(user).toMatch(/^[a-z]+$/);
    expect(user).not.toBe('root');
    expect(instructions.filter((instruction) => instruction.name === 'USER')).toHaveLength(1);
  });

  test('has a command for its health', () => {
    expect(readDockerfile(contexts[name]).healthCommand.length).toBeGreaterThan(1);
  });
});

describe('the image of the gateway', () => {
  test('runs Node as a local gateway does, and listens where others reach it', () => {
    const { entrypoint, environment } = readDockerfile(contexts.gateway);
    expect(entrypoint).toEqual(['node', ...GATEWAY_NODE_FLAGS, 'main.js']);
    expect(environment).toEqual({
      ...GATEWAY_ENVIRONMENT,
      NODE_ENV: 'production',
      GATEWAY_HOST: '0.0.0.0',
      GATEWAY_PORT: '9464',
    });
  });

  test('has the Node that the project is tested with', () => {
    expect(readDockerfile(contexts.gateway).base).toContain(`/node:${process.versions.node.split('.')[0]}-`);
  });

  test('has all that the programs import but Node, in one file each', () => {
    for (const file of ['main.js', 'health.js']) {
      const text = readFileSync(join(contexts.gateway, file), 'utf8');
      const imports = [...text.matchAll(/^import .*?from\s*"([^"]+)";$/gm)].map(([, path = '']) => path);
      expect(imports.filter((path) => !isBuiltin(path))).toEqual([]);
    }
    const main = readFileSync(join(contexts.gateway, 'main.js'), 'utf8');
    for (const part of ['ioredis', 'mysql2', '@aws-sdk/client-secrets-manager'].map((name) => `node_modules/${name}/`))
      expect(main).toContain(part);
  });

  test('is small', () => {
    const bytes = globSync('*', { cwd: contexts.gateway }).map((file) => statSync(join(contexts.gateway, file)).size);
    expect(bytes.reduce((sum, size) => sum + size, 0)).toBeLessThan(6_000_000);
  });

  test('is the same for the same sources', async () => {
    const again = await packGateway({ outDir: temporaryFolder() });
    for (const file of globSync('*', { cwd: contexts.gateway })) {
      expect(readFileSync(join(again, file)).equals(readFileSync(join(contexts.gateway, file)))).toBe(true);
    }
  });

  test('names the licences of what is in it', () => {
    const licences = readFileSync(join(contexts.gateway, 'THIRD-PARTY-LICENSES.txt'), 'utf8');
    for (const name of ['ioredis', 'mysql2', 'prom-client', 'zod']) expect(licences).toContain(`==== ${name} `);
  });
});
