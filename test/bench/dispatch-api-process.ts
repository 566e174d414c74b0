// A Lambda API in a process of its own, forked by dispatch-10k.ts: `dispatch-api-process.ts <latencyMs>`. Sends its endpoint,
// answers each message with how many invocations it accepted, and ends with its parent.
import { startLambdaApi } from '../support/lambda-api.ts';

const api = await startLambdaApi({ latencyMs: Number(process.argv[2]) });
process.on('disconnect', () => process.exit());
process.on('message', () => process.send?.({ accepted: api.accepted.length }));
process.send?.({ client: api.client });
