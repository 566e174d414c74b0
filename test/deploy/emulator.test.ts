import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type AwsCalls, openAwsCalls } from './aws-calls.ts';
import { readDeployment } from './deployment.ts';

const ANSWERING = `
exports.handler = async ({ ResponseURL, ResourceProperties: { problem } }) => {
  const told = { Status: problem ? 'FAILED' : 'SUCCESS', Reason: problem, PhysicalResourceId: 'made', Data: { Colour: 'blue' } };
  await fetch(ResponseURL, { method: 'PUT', body: JSON.stringify(told) });
};`;

let aws: AwsCalls;
beforeAll(() => {
  const { python, environment } = readDeployment();
  aws = openAwsCalls(python, environment);
});
afterAll(() => aws?.close());

describe('the emulator', () => {
  test('fails a stack with a type that it does not know', async () => {
    const stack = await deploy('unknown-type', { Thing: { Type: 'AWS::Unknown::Thing', Properties: {} } });
    expect(stack.status).toBe('ROLLBACK_COMPLETE');
    expect(stack.reasons).toContain('the emulator does not know the type AWS::Unknown::Thing');
  });

  test('makes a custom resource of what its function answers', async () => {
    const stack = await deploy('custom', withFunction({ Made: custom({}) }), { 'Fn::GetAtt': ['Made', 'Colour'] });
    expect(stack.status).toBe('CREATE_COMPLETE');
    expect(stack.output).toBe('blue');
  });

  test('fails a stack whose custom resource fails, with the reason that its function gave', async () => {
    const stack = await deploy('custom-failing', withFunction({ Made: custom({ problem: 'data.dcdb is away' }) }));
    expect(stack.status).toBe('ROLLBACK_COMPLETE');
    expect(stack.reasons).toContain('data.dcdb is away');
  });

  test('fails a stack that asks for an attribute that nobody gives', async () => {
    const stack = await deploy('no-attribute', withFunction({ Made: custom({}) }), {
      'Fn::GetAtt': ['Made', 'Weight'],
    });
    expect(stack.status).not.toBe('CREATE_COMPLETE');
  });

  test('sends an asynchronous event to the destination when its function has failed', async () => {
    const Queue = { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'failures' } };
    const Properties = {
      FunctionName: { Ref: 'Maker' },
      Qualifier: '$LATEST',
      MaximumRetryAttempts: 0,
      DestinationConfig: { OnFailure: { Destination: { 'Fn::GetAtt': ['Queue', 'Arn'] } } },
    };
    const Config = { Type: 'AWS::Lambda::EventInvokeConfig', Properties };
    const { output } = await deploy('destination', withFunction({ Queue, Config }), { Ref: 'Maker' });
    // It is no request of CloudFormation, so the function breaks over it.
    const Payload = JSON.stringify({ number: 1 });
    await aws.call('lambda', 'invoke', { FunctionName: output, InvocationType: 'Event', Payload });
    const { QueueUrl } = await aws.call('sqs', 'get_queue_url', { QueueName: 'failures' });
    const { Messages } = await aws.call('sqs', 'receive_message', { QueueUrl, WaitTimeSeconds: 20 });
    expect(JSON.parse(Messages[0].Body)).toMatchObject({
      requestContext: { condition: 'RetriesExhausted', approximateInvokeCount: 1 },
      requestPayload: { number: 1 },
    });
  });
});

function custom(properties: object) {
  return { Type: 'Custom::Thing', Properties: { ServiceToken: { 'Fn::GetAtt': ['Maker', 'Arn'] }, ...properties } };
}

function withFunction(resources: object) {
  const Role = { Type: 'AWS::IAM::Role', Properties: { AssumeRolePolicyDocument: {} } };
  const Properties = {
    Code: { ZipFile: ANSWERING },
    Handler: 'index.handler',
    Runtime: 'nodejs24.x',
    Timeout: 10,
    Role: { 'Fn::GetAtt': ['Role', 'Arn'] },
  };
  return { Role, Maker: { Type: 'AWS::Lambda::Function', Properties }, ...resources };
}

async function deploy(name: string, resources: object, output: unknown = 'none') {
  const TemplateBody = JSON.stringify({ Resources: resources, Outputs: { Output: { Value: output } } });
  await aws.call('cloudformation', 'create_stack', { StackName: name, TemplateBody });
  const [stack] = (await aws.call('cloudformation', 'describe_stacks', { StackName: name })).Stacks;
  const { StackEvents } = await aws.call<{ StackEvents: { ResourceStatusReason?: string }[] }>(
    'cloudformation',
    'describe_stack_events',
    { StackName: name },
  );
  return {
    status: stack.StackStatus as string,
    output: stack.Outputs?.[0]?.OutputValue as string | undefined,
    reasons: StackEvents.map(({ ResourceStatusReason = '' }) => ResourceStatusReason).join('\n'),
  };
}
