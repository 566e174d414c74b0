import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { apiRoutes } from '../../../../../functions/api/routes.ts';
import { noContent } from '../../../../../functions/api/shared/answer.ts';
import { type AnyRoute, route } from '../../../../../functions/api/shared/route.ts';
import { markdown } from '../../../../../functions/api/system/docs/markdown.ts';
import { renderDocs } from '../../../../../functions/api/system/docs/render-docs.ts';
import { createDocument } from '../../../../../functions/api/system/openapi/document.ts';
import { systemRoutes } from '../../../../../functions/api/system/routes.ts';
import { createTestApi } from '../../../../support/api-harness.ts';

const api = createTestApi(systemRoutes);
const pageOf = (routes: readonly AnyRoute[]) => renderDocs(createDocument(routes));

describe('the page for people', () => {
  test('is open to everybody and allows nothing but its own style', async () => {
    const answer = await api.call('GET', '/docs', { as: 'nobody' });
    expect(answer).toMatchObject({ status: 200, headers: { 'content-type': 'text/html; charset=utf-8' } });
    const [, style = ''] = /<style>(.*)<\/style>/s.exec(answer.text) ?? [];
    const hash = createHash('sha256').update(style).digest('base64');
    expect(answer.headers['content-security-policy']).toContain(`default-src 'none'; style-src 'sha256-${hash}'`);
    expect(answer.text).not.toMatch(/<script|javascript:|\son\w+=|https?:\/\/(?!issuer)|<img|<link|style="/);
  });

  test('shows each operation once, by module, with its role, and each link leads somewhere', async () => {
    const page = pageOf(apiRoutes);
    for (const { operationId, module } of apiRoutes) {
      expect([operationId, page.split(`<article id="${operationId}">`).length]).toEqual([operationId, 2]);
      expect(page).toContain(`<section id="${module}">`);
    }
    const ids = new Set([...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id));
    for (const [, target] of page.matchAll(/href="#([^"]+)"/g)) expect(ids).toContain(target);
  });

  test('has its elements closed', () => {
    const open: string[] = [];
    for (const [, end, name = '', attributes] of pageOf(apiRoutes).matchAll(
      /<(\/?)([a-z][a-z0-9]*)((?:\s[^<>]*)?)>/g,
    )) {
      if (['meta'].includes(name)) continue;
      if (end === '') open.push(name);
      else expect([name, attributes]).toEqual([open.pop(), '']);
    }
    expect(open).toEqual([]);
  });

  test('shows fields, an example and a line for a shell', () => {
    const page = pageOf(systemRoutes);
    expect(page).toContain('<td><code>subjectKind</code></td><td>user | group</td>');
    expect(page).toContain('&#34;subject&#34;: &#34;shop-dba&#34;');
    expect(page).toContain('curl -X PATCH &#34;$API_URL/v1/role-bindings/{id}&#34;');
    expect(page).toContain('-H &#39;if-match: &#34;3&#34;&#39;');
  });

  test('shows text of any kind as text', () => {
    const evil = '<img src=x onerror=alert(1)>';
    const odd = route({
      module: 'system',
      method: 'POST',
      path: '/v1/odd',
      operationId: 'odd',
      summary: `${evil} \`${evil}\``,
      description: `**${evil}**`,
      role: 'viewer',
      body: z.strictObject({ field: z.string().meta({ description: evil }) }),
      example: { field: `'${evil}</pre>` },
      answers: { 204: { description: evil } },
      handle: async () => noContent(),
    });
    expect(pageOf([odd])).not.toContain('<img');
  });
});

describe('Markdown', () => {
  test.each([
    ['a `b<c` **d**', '<p>a <code>b&#60;c</code> <strong>d</strong></p>'],
    ['a\n\nb', '<p>a</p>\n<p>b</p>'],
    ['- a\n- `b`', '<ul><li>a</li><li><code>b</code></li></ul>'],
    ['`**a**`', '<p><code>**a**</code></p>'],
    ['', ''],
  ])('%j', (text, html) => {
    expect(markdown(text).text).toBe(html);
  });
});

describe('the document', () => {
  test('is open to everybody', async () => {
    const answer = await api.call('GET', '/openapi.json', { as: 'nobody' });
    expect(answer).toMatchObject({
      status: 200,
      headers: { 'content-type': 'application/json' },
      body: { openapi: '3.1.0' },
    });
    expect(Object.keys(answer.body.paths)).toEqual([...new Set(apiRoutes.map(({ path }) => path))]);
  });
});

describe('/healthz', () => {
  test('says ok and nothing else', async () => {
    expect((await api.call('GET', '/healthz', { as: 'nobody' })).body).toEqual({ status: 'ok' });
  });

  test('says more to viewers only', async () => {
    expect(await api.call('GET', '/healthz?deep=true', { as: 'nobody' })).toMatchObject({
      status: 401,
      headers: { 'www-authenticate': 'Believe' },
    });
    expect(await api.call('GET', '/healthz?deep=true', { as: { roles: {} } })).toMatchObject({ status: 403 });
  });
});
