import { LambdaClient } from '@aws-sdk/client-lambda';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { type AwsCalls, openAwsCalls } from './aws-calls.ts';
import { type Deployed, readDeployment } from './deployment.ts';

/** Ways to what is deployed; `close` when the tests of a file are over. */
export interface Clients {
  readonly deployed: Deployed;
  readonly aws: AwsCalls;
  readonly lambda: LambdaClient;
  readonly secrets: SecretsManagerClient;
  close(): void;
}

export function openClients(): Clients {
  const deployed = readDeployment();
  const { environment, python } = deployed;
  const options = {
    endpoint: environment.AWS_ENDPOINT_URL ?? '',
    region: environment.AWS_REGION ?? '',
    credentials: { accessKeyId: 'operator', secretAccessKey: 'emulated' },
  };
  const aws = openAwsCalls(python, environment);
  const lambda = new LambdaClient(options);
  const secrets = new SecretsManagerClient(options);
  return {
    deployed,
    aws,
    lambda,
    secrets,
    close() {
      aws.close();
      lambda.destroy();
      secrets.destroy();
    },
  };
}

/** The output of the one stack of a deployment that has it. */
export function outputOf(outputs: Deployed['lab']['outputs'], name: string): string {
  const values = Object.values(outputs).flatMap((stack) => stack[name] ?? []);
  if (values.length !== 1) throw new Error(`${values.length} stacks have the output ${name}`);
  return values[0] as string;
}
