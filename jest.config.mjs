import { availableParallelism } from 'node:os';

// jest 30 runs TypeScript as native ES modules: Node strips the types itself, so nothing is transformed.
const suite = (name) => ({
  displayName: name,
  testEnvironment: 'node',
  testMatch: [`<rootDir>/test/${name}/**/*.test.ts`],
  transform: {},
  extensionsToTreatAsEsm: ['.ts'],
  // What was packed has package names of the project once more.
  modulePathIgnorePatterns: ['<rootDir>/cdk.out', '<rootDir>/.local'],
});

export default {
  projects: ['unit', 'infra', 'contract', 'integration', 'e2e'].map(suite),
  reporters: ['default', '<rootDir>/test/support/running-suites.ts'],
  // Most suites wait for servers more than they compute: jest's default would run them one by one on two cores.
  maxWorkers: Math.max(2, availableParallelism() - 1),
  // A hang is what this ends, not a slow machine; jest takes it from here only, not from a project.
  testTimeout: 120_000,
};
