import { z } from 'zod';

/** Fields of a stage's configuration that stand in several places. Lengths and ranges are those that AWS sets. */

export const count = (min: number, max: number) => z.int().min(min).max(max);

export const cidr = () => z.cidrv4({ error: 'expected an IPv4 range such as 10.0.0.0/16', abort: true });

export const port = () => count(1, 65_535);

/** An HTTPS address without a query. */
export const httpsUrl = () =>
  z
    .url({ protocol: /^https$/, error: 'expected an address that begins with https://' })
    .refine((text) => !text.includes('?'), {
      error: 'expected an address without a query',
    });

/** HTTP is for services inside the VPC. */
export const serviceUrl = () =>
  z.url({ protocol: /^https?$/, error: 'expected an address that begins with https:// or http://' });

export const secretArn = () =>
  z.string().regex(/^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:[\w/+=.@!-]+-\w{6}$/, {
    error: 'expected the whole ARN of a secret in Secrets Manager, its six last characters included',
  });

export const kmsKeyArn = () =>
  z.string().regex(/^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key\/[\w-]+$/, {
    error: 'expected the ARN of a key in KMS',
  });

/** An id with one of these prefixes. */
export const resourceId = (...prefixes: readonly string[]) =>
  z.string().regex(new RegExp(`^(${prefixes.join('|')})-[0-9a-f]{8,17}$`), {
    error: `expected an id such as ${prefixes.map((prefix) => `${prefix}-0123456789abcdef0`).join(' or ')}`,
  });

export const hostPort = () => z.string().regex(/^[\w.-]+:\d{1,5}$/, { error: 'expected host:port' });

/** Days that CloudWatch Logs takes. */
export const logDays = () =>
  z.literal([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653]);
