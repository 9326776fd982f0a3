/** The page's own style; it asks nobody for anything. */
export const pageStyle = `
:root { color-scheme: light dark; --ink: #1d2430; --quiet: #667085; --line: #e4e7ec; --ground: #fff; --soft: #f7f8fa;
  --own: #3b7dd8; --coerced: #e0a526; --refused: #d64545; --null: #b7bfcc; --missing: #e4e8ee; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ef; --quiet: #98a2b3; --line: #2d3542; --ground: #14181f;
  --soft: #1b212b; --null: #566072; --missing: #2b3340; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 32px 24px 64px; max-width: 1200px; background: var(--ground); color: var(--ink);
  font: 15px/1.5 system-ui, sans-serif; }
h1 { margin: 0; font-size: 28px; } h2 { margin: 40px 0 12px; font-size: 18px; }
p { margin: 4px 0; } .quiet { color: var(--quiet); }
code, pre, td.path, td.example { font: 13px/1.5 ui-monospace, monospace; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(132px, 1fr)); gap: 12px; margin: 24px 0; }
.tile { padding: 12px 16px; border: 1px solid var(--line); border-radius: 8px; background: var(--soft); }
.tile b { display: block; font-size: 22px; font-variant-numeric: tabular-nums; } .tile.bad b { color: var(--refused); }
.wide { overflow-x: auto; }
table { width: 100%; border-collapse: collapse; } th { text-align: left; font-weight: 600; white-space: nowrap; }
th, td { padding: 5px 10px 5px 0; border-bottom: 1px solid var(--line); vertical-align: top; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
td.bad { color: var(--refused); font-weight: 600; } td.example, td.path { overflow-wrap: anywhere; } td.path { min-width: 230px; } td.example { min-width: 140px; }
td svg { display: block; margin-top: 4px; border-radius: 3px; }
.own { fill: var(--own); } .coerced { fill: var(--coerced); } .refused { fill: var(--refused); }
.null { fill: var(--null); } .missing { fill: var(--missing); }
.plot { width: 100%; max-width: 720px; height: auto; } .plot text { font-size: 12px; fill: var(--ink); }
.plot text.quiet { fill: var(--quiet); } .plot line { stroke: var(--line); }
.legend { display: flex; flex-wrap: wrap; gap: 6px 18px; margin: 0 0 12px; padding: 0; list-style: none; font-size: 13px; }
.legend svg { width: 12px; height: 12px; margin-right: 6px; vertical-align: -1px; border-radius: 3px; }
pre { margin: 0; padding: 14px 16px; border: 1px solid var(--line); border-radius: 8px; background: var(--soft);
  white-space: pre-wrap; overflow-wrap: anywhere; }
ul.lines { margin: 0; padding-left: 18px; } ul.lines li { overflow-wrap: anywhere; }
`
