import type { JsonSchema } from '#api/query-schema';
import type { OpenApiDocument, Operation, Parameter, Reference, Response } from '../openapi/document-types.ts';
import { type Html, html } from './html.ts';
import { inlineMarkdown, markdown } from './markdown.ts';
import { schemaRows, typeOf } from './schema-rows.ts';

type Components = OpenApiDocument['components'];

/** One operation: what it does, who may, what it takes, what it answers, and how to ask. */
export function renderOperation(path: string, method: string, operation: Operation, components: Components): Html {
  const role = operation['x-required-role'];
  return html`<article id="${operation.operationId}">
<h3><span class="method ${method}">${method.toUpperCase()}</span> <code>${path}</code></h3>
<p class="summary">${inlineMarkdown(operation.summary)} <span class="role">${role}</span></p>
${markdown(descriptionOf(operation))}
${parametersOf(operation, components)}
${bodyOf(operation, components)}
${answersOf(operation, components)}
<pre class="curl">${curlOf(path, method, operation, components)}</pre>
</article>`;
}

/** The role stands beside the summary already. */
function descriptionOf({ description }: Operation): string {
  return description.split('\n\n').slice(0, -1).join('\n\n');
}

function parametersOf(operation: Operation, components: Components): Html | undefined {
  const parameters = operation.parameters.map((parameter) => resolvedParameter(parameter, components));
  if (parameters.length === 0) return undefined;
  const rows = parameters.map(
    ({
      name,
      in: place,
      required,
      description = '',
      schema,
    }) => html`<tr><td><code>${name}</code></td><td>${place}${required ? ', required' : ''}</td><td>${typeOf(schema, components.schemas)}</td><td>${inlineMarkdown(description)}</td></tr>
`,
  );
  return table('Parameters', ['name', 'in', 'type', ''], rows);
}

function bodyOf({ requestBody }: Operation, components: Components): Html | undefined {
  const media = requestBody?.content['application/json'];
  if (media?.schema === undefined) return undefined;
  const example =
    media.example === undefined ? undefined : html`<pre>${JSON.stringify(media.example, undefined, 2)}</pre>`;
  return html`${fieldTable('Body', media.schema, components)}${example}`;
}

function answersOf({ responses }: Operation, components: Components): Html {
  const rows = Object.entries(responses).map(([status, given]) => {
    const { description } = resolvedResponse(given, components);
    return html`<tr><td><code>${status}</code></td><td>${inlineMarkdown(description)}</td></tr>
`;
  });
  const good = Object.entries(responses).find(([status]) => status.startsWith('2'))?.[1];
  const schema = good && resolvedResponse(good, components).content?.['application/json']?.schema;
  const fields = schema === undefined ? undefined : fieldTable('Fields of the answer', schema, components);
  return html`${table('Answers', ['status', ''], rows)}${fields}`;
}

function fieldTable(title: string, schema: JsonSchema, components: Components): Html | undefined {
  const rows = schemaRows(schema, components.schemas).map(
    ({
      path,
      type,
      isRequired,
      description,
    }) => html`<tr><td><code>${path}</code></td><td>${type}${isRequired ? '' : ', optional'}</td><td>${inlineMarkdown(description)}</td></tr>
`,
  );
  return rows.length === 0 ? undefined : table(title, ['field', 'type', ''], rows);
}

function table(title: string, columns: readonly string[], rows: readonly Html[]): Html {
  const heads = columns.map((column) => html`<th>${column}</th>`);
  return html`<details><summary>${title}</summary><table><thead><tr>${heads}</tr></thead><tbody>
${rows}</tbody></table></details>
`;
}

function curlOf(path: string, method: string, operation: Operation, components: Components): string {
  const lines = [`curl -X ${method.toUpperCase()} "$API_URL${path}"`];
  if (operation['x-required-role'] !== 'public') lines.push('-H "authorization: Bearer $TOKEN"');
  for (const given of operation.parameters) {
    const { name, in: place, required, schema } = resolvedParameter(given, components);
    if (place === 'header' && required) lines.push(`-H '${name.toLowerCase()}: ${String(schema.example ?? '')}'`);
  }
  const example = operation.requestBody?.content['application/json']?.example;
  if (operation.requestBody !== undefined) {
    const body = JSON.stringify(example ?? {}).replaceAll("'", "'\\''");
    lines.push("-H 'content-type: application/json'", `-d '${body}'`);
  }
  return lines.join(' \\\n  ');
}

function resolvedParameter(given: Parameter | Reference, { parameters }: Components): Parameter {
  if (!('$ref' in given)) return given;
  const found = parameters[given.$ref.replace('#/components/parameters/', '')];
  return found ?? { name: given.$ref, in: 'header', required: false, schema: {} };
}

function resolvedResponse(given: Response | Reference, { responses }: Components): Response {
  if (!('$ref' in given)) return given;
  return responses[given.$ref.replace('#/components/responses/', '')] ?? { description: '' };
}
