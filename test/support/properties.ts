import fc from 'fast-check';

/** Longer than any property takes on two cores; looking for the smallest counterexample can take hours. */
const LIMIT_MS = 60_000;

// jest cannot end what does not wait: a property that failed would be made smaller and smaller until somebody ended the run.
if (process.env.PROPERTY_RUNS === undefined) fc.configureGlobal({ interruptAfterTimeLimit: LIMIT_MS });

export type { Arbitrary } from 'fast-check';
export { fc };
