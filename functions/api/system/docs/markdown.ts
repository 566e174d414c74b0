import { escaped, Html } from './html.ts';

/** The little of Markdown that descriptions use: paragraphs, `code`, **strong** and lists. Everything else is text. */
export function markdown(text: string): Html {
  const blocks = text.split(/\n{2,}/).map((block) => block.trim());
  return new Html(
    blocks
      .filter((block) => block !== '')
      .map(blockOf)
      .join('\n'),
  );
}

/** One line of it, without paragraphs. */
export function inlineMarkdown(text: string): Html {
  return new Html(inline(text));
}

function blockOf(block: string): string {
  const lines = block.split('\n');
  if (!lines.every((line) => /^[-*] /.test(line))) return `<p>${inline(block)}</p>`;
  return `<ul>${lines.map((line) => `<li>${inline(line.slice(2))}</li>`).join('')}</ul>`;
}

function inline(text: string): string {
  return text
    .split(/(`[^`]+`)/)
    .map((part) => (/^`[^`]+`$/.test(part) ? `<code>${escaped(part.slice(1, -1))}</code>` : strong(part)))
    .join('');
}

function strong(text: string): string {
  return escaped(text).replaceAll(/\*\*([^*]+)\*\*/g, '<strong>$1</strong>');
}
