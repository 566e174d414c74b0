/** Of the page at /docs; its policy names this very text. */
export const STYLE = `
:root { color-scheme: light dark; --ink: #1d2430; --soft: #5b6675; --line: #d8dee7; --ground: #ffffff; --panel: #f5f7fa; --accent: #0b62c4; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e9f0; --soft: #9aa6b6; --line: #303947; --ground: #12161d; --panel: #1a202a; --accent: #74b3ff; } }
* { box-sizing: border-box; }
body { margin: 0; color: var(--ink); background: var(--ground); font: 16px/1.55 system-ui, -apple-system, "Segoe UI", sans-serif; }
header { padding: 2rem 2rem 1rem; border-bottom: 1px solid var(--line); }
h1 { margin: 0; font-size: 1.7rem; letter-spacing: -.01em; }
header p { margin: .25rem 0 0; color: var(--soft); }
a { color: var(--accent); text-decoration: none; }
a:hover, a:focus { text-decoration: underline; }
.page { display: grid; grid-template-columns: minmax(14rem, 19rem) minmax(0, 1fr); }
nav { position: sticky; top: 0; align-self: start; max-height: 100vh; overflow-y: auto; padding: 1.5rem 1rem 2rem 2rem; font-size: .875rem; line-height: 1.35; }
nav ul { list-style: none; margin: 0; padding: 0; }
nav > ul > li { margin-bottom: 1rem; }
nav > ul > li > a { font-weight: 650; text-transform: capitalize; }
nav ul ul li { margin: .3rem 0; }
nav ul ul a { color: var(--soft); }
main { padding: 1.5rem 2rem 6rem; max-width: 62rem; }
h2 { margin: 3rem 0 .5rem; padding-top: 1rem; font-size: 1.35rem; text-transform: capitalize; border-top: 1px solid var(--line); }
h3 { margin: 0; font-size: 1rem; font-weight: 600; overflow-wrap: anywhere; }
article { margin: 1.25rem 0; padding: 1rem 1.25rem; border: 1px solid var(--line); border-radius: .5rem; }
article:target { border-color: var(--accent); }
article p { margin: .5rem 0; max-width: 46rem; }
.summary { font-weight: 550; }
.method { display: inline-block; min-width: 4.2rem; font: 650 .75rem/1.6 ui-monospace, monospace; color: var(--accent); }
.method.delete { color: #c0392b; }
.method.patch, .method.put { color: #b7791f; }
.method.post { color: #238551; }
.role { margin-left: .5rem; padding: .05rem .5rem; font-size: .75rem; font-weight: 500; color: var(--soft); border: 1px solid var(--line); border-radius: 1rem; }
code, pre { font-family: ui-monospace, "SF Mono", Menlo, Consolas, monospace; font-size: .875em; }
p code, td code, li code { padding: .05em .3em; background: var(--panel); border-radius: .25rem; }
pre { margin: .75rem 0 0; padding: .75rem 1rem; overflow-x: auto; background: var(--panel); border-radius: .375rem; }
details { margin: .5rem 0; }
summary { cursor: pointer; color: var(--soft); font-size: .875rem; }
table { width: 100%; margin: .5rem 0; border-collapse: collapse; font-size: .875rem; }
th { text-align: left; font-weight: 550; color: var(--soft); }
th, td { padding: .3rem .75rem .3rem 0; vertical-align: top; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
@media (max-width: 56rem) { .page { display: block; } nav { position: static; max-height: none; padding: 1rem 2rem; } main { padding: 1rem 1rem 4rem; } }
@media print { nav { display: none; } .page { display: block; } article { break-inside: avoid; } }
`;
