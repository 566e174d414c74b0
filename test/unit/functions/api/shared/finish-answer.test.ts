import { expect, test } from '@jest/globals';
import { basePathOf, finishAnswer } from '../../../../../functions/api/shared/finish-answer.ts';
import { eventOf } from '../../../../support/api-harness.ts';

const event = eventOf('POST', new URL('http://api.test/v1/things'), '/v1/things', {}, {});
const calledBy = (path: string | undefined) => ({
  ...event,
  requestContext: { ...event.requestContext, ...(path !== undefined && { path }) },
});

test.each([
  ['/live/v1/things', '/live'],
  ['/v1/things', ''],
  [undefined, ''],
  ['/elsewhere', ''],
])('who called %s finds our paths below "%s"', (path, expected) => {
  expect(basePathOf(calledBy(path))).toBe(expected);
});

test('a location leads the way that the caller came', () => {
  const answer = { status: 201, headers: { location: '/v1/things/7', etag: '"1"' }, body: {} };
  expect(finishAnswer(answer, 'r-1', '/live').headers).toMatchObject({ location: '/live/v1/things/7', etag: '"1"' });
  expect(finishAnswer({ status: 204 }, 'r-1', '/live').headers).not.toHaveProperty('location');
});
