import Sequencer from '@jest/test-sequencer';

/** By name: `whole-api` asks for everything that there is, pauses and switches too, so it comes last. */
export default class ByName extends Sequencer {
  sort(tests) {
    return tests.toSorted((a, b) => a.path.localeCompare(b.path));
  }
}
