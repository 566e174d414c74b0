import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';

/** What a deployed function resolves with. Rejects with its error and the end of its log. */
export async function invoke<T>(lambda: LambdaClient, name: string, event: unknown): Promise<T> {
  const { Payload, FunctionError, LogResult } = await lambda.send(
    new InvokeCommand({ FunctionName: name, Payload: JSON.stringify(event), LogType: 'Tail' }),
  );
  const text = Buffer.from(Payload ?? []).toString();
  if (FunctionError === undefined) return JSON.parse(text) as T;
  throw new Error(`${name}: ${text}\n${Buffer.from(LogResult ?? '', 'base64').toString()}`);
}
