import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { packFunctions } from '../../../infra/aws/packages/pack-functions.ts';
import { packLayers } from '../../../infra/aws/packages/pack-layers.ts';
import { unpackLambda } from '../../support/lambda-sandbox.ts';
import { startScriptedHttp } from '../../support/scripted-http.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

test('the packed deploy, unpacked as on Lambda, answers CloudFormation with what is wrong, and lets go of what is deleted', async () => {
  const folder = temporaryFolder();
  const outDir = join(folder, 'packed');
  const [functions, { core, vendor }] = await Promise.all([packFunctions({ outDir }), packLayers({ outDir })]);
  const lambda = unpackLambda(join(folder, 'lambda'), {
    functions: Object.fromEntries(functions.flatMap(({ name, path }) => (name === 'deploy' ? [[name, path]] : []))),
    layers: [core, vendor],
  });
  const answers: unknown[] = [];
  const cloudFormation = await startScriptedHttp(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    answers.push(JSON.parse(Buffer.concat(chunks).toString()));
    response.end();
  });
  try {
    const event = {
      ResponseURL: `${cloudFormation.url}/answer`,
      StackId: 'stack',
      RequestId: 'request',
      LogicalResourceId: 'Step',
    };
    const { loaded } = await lambda.invoke(
      'deploy',
      [
        { ...event, RequestType: 'Create' },
        { ...event, RequestType: 'Delete', PhysicalResourceId: 'as it was' },
      ],
      { DCDB_URL: 'mysql://127.0.0.1:1/proxywatch', KAFKA_BROKERS: 'b:9098' },
    );
    expect(answers).toMatchObject([
      { Status: 'FAILED', Reason: expect.stringContaining('data.proxyCredentials: not set') },
      { Status: 'SUCCESS', PhysicalResourceId: 'as it was' },
    ]);
    expect(loaded.filter((path) => path.startsWith('..'))).toEqual([]);
  } finally {
    await cloudFormation.close();
  }
});
