// These tests look at what test/deploy/main.ts has deployed, one file after the other: some build on what earlier ones left.
export default {
  rootDir: '../..',
  testEnvironment: 'node',
  testMatch: ['<rootDir>/test/deploy/**/*.test.ts'],
  transform: {},
  extensionsToTreatAsEsm: ['.ts'],
  maxWorkers: 1,
  testTimeout: 120_000,
};
