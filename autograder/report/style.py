"""How the class report looks: light, dark, on a phone and on paper."""

STYLE = """
:root { color-scheme: light dark; --line: #c9ced6; --soft: #f3f5f8; --ink: #1b1f24; --page: #fff; --link: #0b57d0;
  --bar: #4c78a8; }
@media (prefers-color-scheme: dark) { :root { --line: #4a505a; --soft: #23272e; --ink: #e8eaee; --page: #16191d;
  --link: #8ab4f8; --bar: #7fa8d6; } }
* { box-sizing: border-box; }
body { font: 1rem/1.5 system-ui, sans-serif; color: var(--ink); background: var(--page);
  max-width: 75rem; margin: 1.5rem auto; padding: 0 1rem; }
h1 { line-height: 1.2; }
section { margin: 2rem 0; }
a, summary { color: var(--link); }
nav ul { display: flex; flex-wrap: wrap; gap: .3rem 1.2rem; list-style: none; padding: 0; }
.charts { display: flex; flex-wrap: wrap; gap: 1rem; }
.chart { max-width: 100%; height: auto; border: 1px solid var(--line); border-radius: .4rem; }
.chart text { fill: var(--ink); font-size: 11px; text-anchor: middle; }
.chart .name { font-size: 13px; font-weight: 600; text-anchor: start; }
.chart .count { font-size: 12px; font-weight: 600; }
.bar { fill: var(--bar); stroke: var(--ink); stroke-width: .5; }
.room { fill: none; stroke: var(--line); }
.axis { stroke: var(--ink); }
.share { vertical-align: middle; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
caption { text-align: left; padding: .3rem 0; }
th, td { border: 1px solid var(--line); padding: .35rem .6rem; text-align: left; vertical-align: top; }
thead th { background: var(--soft); }
td.points { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
td.measure { white-space: nowrap; }
tr:target { outline: 3px solid var(--link); }
pre { background: var(--soft); padding: .6rem; overflow-x: auto; white-space: pre-wrap; }
summary { cursor: pointer; }
li { margin: .3rem 0; }
.facts { font-size: 1.1rem; }
@media print { body { max-width: none; margin: 0; } nav { display: none; }
  .chart, tr { break-inside: avoid; } thead { display: table-header-group; } }
"""
