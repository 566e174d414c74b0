// One environment of a function, as Lambda's runtime for Node is one: it loads the handler once and takes one event after the
// other, a line each, `{"id","event","context","deadlineMs"}`. What the function prints goes to the same output as the answers,
// which begin with a mark of their own: so it is known which invocation printed it.
'use strict';
const { createInterface } = require('node:readline');

const [, taskRoot, mark, workspaces] = process.argv;
const [file, name] = process.env._HANDLER.split('.');
const answer = (id, told) => process.stdout.write(`\n${mark}${JSON.stringify({ id, ...told })}\n`);
const problemOf = (error) => ({
  errorType: error?.name ?? typeof error,
  errorMessage: error?.message ?? String(error),
  trace: String(error?.stack).split('\n'),
});

// Names of AWS lead nowhere here: every workspace of Prometheus is the one that stands for all.
const fetchAsGiven = globalThis.fetch;
globalThis.fetch = (input, init) =>
  fetchAsGiven(
    input instanceof Request ? input : `${input}`.replace(/^https:\/\/aps-workspaces\.[^/]+/, workspaces),
    init,
  );

let handler;
let broken;
try {
  handler = require(`${taskRoot}/${file}`)[name];
  if (typeof handler !== 'function') throw new TypeError(`${process.env._HANDLER} is undefined or not exported`);
} catch (error) {
  broken = problemOf(error);
}

async function invoke({ id, event, context, deadlineMs }) {
  if (broken !== undefined) return answer(id, { error: broken });
  try {
    const result = await handler(event, {
      ...context,
      callbackWaitsForEmptyEventLoop: true,
      getRemainingTimeInMillis: () => Math.max(0, deadlineMs - Date.now()),
    });
    answer(id, { result: result ?? null });
  } catch (error) {
    answer(id, { error: problemOf(error) });
  }
}

createInterface({ input: process.stdin })
  .on('line', (line) => void invoke(JSON.parse(line)))
  // Whoever started us is gone, or has no more work.
  .on('close', () => process.exit());
