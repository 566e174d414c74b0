import { createHash } from 'node:crypto';
import type { OpenApiDocument, Operation } from '../openapi/document-types.ts';
import { Html, html } from './html.ts';
import { markdown } from './markdown.ts';
import { renderOperation } from './render-operation.ts';
import { STYLE } from './style.ts';

/** Nothing but this page's own style: no scripts, no other hosts, no frames. */
export const DOCS_POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

interface Placed {
  readonly path: string;
  readonly method: string;
  readonly operation: Operation;
}

/** A page of the whole API for people. */
export function renderDocs(document: OpenApiDocument): string {
  const { info, tags, paths, components } = document;
  const all: readonly Placed[] = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );
  const byTag = Map.groupBy(all, ({ operation }) => operation.tags[0] ?? '');
  const contents = tags.map(
    ({ name }) => html`<li><a href="#${name}">${name}</a>
<ul>${(byTag.get(name) ?? []).map(linkOf)}</ul></li>
`,
  );
  const sections = tags.map(
    ({ name, description }) => html`<section id="${name}"><h2>${name}</h2>${markdown(description)}
${(byTag.get(name) ?? []).map(({ path, method, operation }) => renderOperation(path, method, operation, components))}
</section>
`,
  );
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${info.title} API</title>
<style>${new Html(STYLE)}</style>
</head>
<body>
<header><h1>${info.title} API</h1><p>Version ${info.version}, as <a href="openapi.json">OpenAPI 3.1</a></p></header>
<div class="page">
<nav aria-label="Operations"><ul>
${contents}</ul></nav>
<main>
${markdown(info.description)}
${sections}
</main>
</div>
</body>
</html>
`.text;
}

function linkOf({ operation }: Placed): Html {
  return html`<li><a href="#${operation.operationId}">${operation.summary}</a></li>
`;
}
