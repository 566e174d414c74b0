// These tests look at what test/deploy/main.ts has deployed, one file after the other: some build on what earlier ones left.
export default {
  rootDir: '../..',
  testEnvironment: 'node',
  testMatch: ['<rootDir>/test/deploy/**/*.test.ts'],
  // What the CDK has packed has packages of its own.
  modulePathIgnorePatterns: ['<rootDir>/cdk.out'],
  transform: {},
  extensionsToTreatAsEsm: ['.ts'],
  testSequencer: '<rootDir>/test/deploy/sequencer.mjs',
  maxWorkers: 1,
  testTimeout: 120_000,
};
