import { describe, expect, test } from '@jest/globals';
import { createRouteMatcher } from '../../../../../infra/local/api/match-route.ts';

const match = createRouteMatcher([
  { method: 'GET', path: '/v1/accounts' },
  { method: 'POST', path: '/v1/accounts' },
  { method: 'GET', path: '/v1/accounts/{id}' },
  { method: 'GET', path: '/v1/accounts/reports/passwords' },
  { method: 'POST', path: '/v1/accounts/{id}/actions/enable' },
  { method: 'POST', path: '/v1/accounts/actions/import' },
]);

describe('routes', () => {
  test.each([
    ['GET', '/v1/accounts', '/v1/accounts', {}],
    ['POST', '/v1/accounts', '/v1/accounts', {}],
    ['GET', '/v1/accounts/7', '/v1/accounts/{id}', { id: '7' }],
    ['GET', '/v1/accounts/a%2Fb', '/v1/accounts/{id}', { id: 'a%2Fb' }],
    ['GET', '/v1/accounts/reports', '/v1/accounts/{id}', { id: 'reports' }],
    ['GET', '/v1/accounts/reports/passwords', '/v1/accounts/reports/passwords', {}],
    ['POST', '/v1/accounts/actions/import', '/v1/accounts/actions/import', {}],
    ['POST', '/v1/accounts/actions/actions/enable', '/v1/accounts/{id}/actions/enable', { id: 'actions' }],
    ['GET', '/v1/accounts/__proto__', '/v1/accounts/{id}', { id: '__proto__' }],
  ])('%s %s is %s', (method, path, template, parameters) => {
    expect(match(method, path)).toEqual({ route: { method, path: template }, parameters });
  });

  test.each([
    ['GET', '/'],
    ['GET', '/v1/accounts/'],
    ['DELETE', '/v1/accounts'],
    ['GET', '/v1/accounts/7/8'],
    ['GET', '/v1//accounts'],
  ])('%s %s is none', (method, path) => {
    expect(match(method, path)).toBeUndefined();
  });

  test('of one place have one name for its parameter, as API Gateway wants it', () => {
    const routes = [
      { method: 'GET', path: '/v1/plans/{id}' },
      { method: 'GET', path: '/v1/plans/{plan}/diff' },
    ];
    expect(() => createRouteMatcher(routes)).toThrow('{plan} is {id}');
    expect(() => createRouteMatcher([...routes.slice(0, 1), ...routes.slice(0, 1)])).toThrow('twice');
  });
});
