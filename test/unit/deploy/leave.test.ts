import { describe, expect, test } from '@jest/globals';
import { allows } from '../../deploy/leave.ts';

const STATEMENTS = [
  { Effect: 'Allow', Action: 'lambda:InvokeFunction', Resource: ['arn:f', 'arn:f:$LATEST'] },
  { Effect: 'Allow', Action: ['sqs:SendMessage', 'sqs:GetQueueUrl'], Resource: 'arn:q-*' },
  { Effect: 'Deny', Action: 'kms:Decrypt', Resource: '*' },
] as const;

describe('leave', () => {
  test.each([
    ['lambda:InvokeFunction', 'arn:f', true],
    ['lambda:InvokeFunction', 'arn:f:$LATEST', true],
    ['lambda:InvokeFunction', 'arn:fx', false],
    ['lambda:GetFunction', 'arn:f', false],
    ['sqs:SendMessage', 'arn:q-dead', true],
    ['sqs:SendMessage', 'arn:r-dead', false],
    ['sqs:SendMessage', null, true],
    ['kms:Decrypt', 'arn:k', false],
  ])('to %s of %s is there: %s', (action, resource, expected) => {
    expect(allows(STATEMENTS, action, resource)).toBe(expected);
  });
});
