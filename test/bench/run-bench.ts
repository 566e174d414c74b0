// Runs one benchmark in this process: `run-bench.ts <id>`, forked by main.ts. Sends its results, and ends with its parent.
import { BENCHES } from './benches.ts';

const bench = BENCHES.find(({ id }) => id === process.argv[2]);
if (bench === undefined) throw new Error(`no benchmark ${JSON.stringify(process.argv[2])}`);
// Servers and gateways that it has started are watched over by a process of their own.
process.on('disconnect', () => process.exit(1));
const results = await bench.run();
process.send?.(results, () => process.exit());
