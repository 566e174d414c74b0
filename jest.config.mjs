// jest 30 runs TypeScript as native ES modules: Node strips the types itself, so nothing is transformed.
const suite = (name, testTimeout) => ({
  displayName: name,
  testEnvironment: 'node',
  testMatch: [`<rootDir>/test/${name}/**/*.test.ts`],
  transform: {},
  extensionsToTreatAsEsm: ['.ts'],
  testTimeout,
});

export default {
  projects: [suite('unit', 20_000), suite('contract', 60_000), suite('integration', 120_000), suite('e2e', 300_000)],
};
