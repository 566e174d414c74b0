import { field } from './field.ts';

const ARN = /^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:[\w/+=.@!-]{1,519}$/;

export const SECRET_ARN_FORM = 'arn:aws:secretsmanager:<region>:<account>:secret:<name>';

export function isSecretArn(text: string): boolean {
  return ARN.test(text);
}

/** The ARN of one secret. A text that is none is not repeated: it may be the secret itself, where its ARN should stand. */
export function secretArn() {
  return field<string>(SECRET_ARN_FORM, (text) => (isSecretArn(text) ? { value: text } : { problem: 'is no ARN' }));
}

/** ARNs of secrets, at least one. */
export function secretArns() {
  return field<readonly string[]>(`${SECRET_ARN_FORM}, several separated by commas`, (text) => {
    const arns = [...new Set(text.split(',').map((part) => part.trim()))];
    return arns.every(isSecretArn) ? { value: arns } : { problem: 'has a part that is no ARN' };
  });
}
