/** The whole look of the documentation. Nothing is loaded from anywhere. */
export const docsStyle = `
:root {
  color-scheme: light dark;
  --ink: #1c2024; --soft: #5b6470; --line: #e3e6ea; --paper: #ffffff; --well: #f5f6f8; --accent: #0b62d6;
  --get: #1a7f4b; --post: #0b62d6; --patch: #9a6700; --delete: #c0362c;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ink: #e6e9ee; --soft: #9aa4b2; --line: #2b313a; --paper: #14171b; --well: #1d2127; --accent: #6aa8ff;
    --get: #57c48a; --post: #6aa8ff; --patch: #e0b050; --delete: #ff8a80;
  }
}
* { box-sizing: border-box; }
html { scroll-padding-top: 1.5rem; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.6 system-ui, -apple-system, "Segoe UI", sans-serif; }
a { color: var(--accent); text-decoration: none; }
a:hover { text-decoration: underline; }
.page { display: grid; grid-template-columns: 17rem minmax(0, 1fr); max-width: 82rem; margin: 0 auto; }
nav { position: sticky; top: 0; align-self: start; max-height: 100vh; overflow-y: auto; padding: 2rem 1.5rem; font-size: .9rem; border-right: 1px solid var(--line); }
nav h2 { margin: 1.5rem 0 .25rem; font-size: .75rem; letter-spacing: .06em; text-transform: uppercase; color: var(--soft); }
nav ul { margin: 0; padding: 0; list-style: none; }
nav li a { display: block; padding: .15rem 0; color: inherit; }
main { padding: 2rem clamp(1rem, 4vw, 3.5rem) 6rem; }
h1 { margin: 0; font-size: 1.9rem; line-height: 1.2; }
h2 { margin: 3.5rem 0 1rem; font-size: 1.45rem; }
h3 { margin: 0; font-size: 1.1rem; }
h4 { margin: 1.5rem 0 .5rem; font-size: .8rem; letter-spacing: .05em; text-transform: uppercase; color: var(--soft); }
p { max-width: 46rem; }
article { padding: 2rem 0; border-top: 1px solid var(--line); }
code, pre { font: .86em/1.55 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
code { padding: .1em .3em; border-radius: .3em; background: var(--well); }
pre { margin: .5rem 0; padding: .9rem 1rem; overflow-x: auto; border: 1px solid var(--line); border-radius: .5rem; background: var(--well); }
pre code { padding: 0; background: none; }
.endpoint { margin: .6rem 0; overflow-wrap: anywhere; }
.method { display: inline-block; min-width: 3.6em; font-weight: 700; }
.get { color: var(--get); } .post { color: var(--post); } .patch { color: var(--patch); } .delete { color: var(--delete); }
.scope { color: var(--soft); font-size: .9rem; }
.wide { overflow-x: auto; }
table { width: 100%; border-collapse: collapse; font-size: .92rem; }
th, td { padding: .5rem .75rem .5rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line); }
th { font-size: .78rem; color: var(--soft); }
td:first-child { white-space: nowrap; }
.must { color: var(--delete); font-size: .78rem; }
@media (max-width: 52rem) {
  .page { grid-template-columns: minmax(0, 1fr); }
  nav { position: static; max-height: none; border-right: 0; border-bottom: 1px solid var(--line); }
}
`;
