#!/usr/bin/env python3
"""Puts the table and the plot of a report into README.md and docs/report.svg.

  tools/demo --quick --out DIR && tools/readme_report.py DIR/report.json
"""

import html
import json
import math
import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BEGIN, END = '<!-- report table -->', '<!-- report table end -->'
COLOURS = {'helps': '#2e8b57', 'no difference': '#8a8a8a', 'hurts': '#c0504d',
           'inconclusive': '#b8a04a'}


def seconds(value):
    for unit, scale in (('s', 1), ('ms', 1e-3), ('µs', 1e-6)):
        if value >= scale:
            return f'{value / scale:.3g} {unit}'
    return f'{value / 1e-9:.3g} ns'


def spread(strategy):
    wall = strategy['wall_s']
    return f"{seconds(wall['median'])} ({seconds(wall['min'])} to {seconds(wall['max'])}, n={wall['n']})"


def compared(workload):
    """The two strategies that the verdict compares."""
    by_name = {s['name']: s for s in workload['strategies']}
    comparison = workload['comparison']
    return by_name.get(comparison['candidate']), by_name.get(comparison['opponent'])


def table(report):
    machine = report['machine']
    lines = [
        f"A run of `tools/demo` ({machine['report']}) on {machine['cores']} cores of an "
        f"{machine['processor']}, {machine['system']}, {machine['kernel'].split('-')[0]}, "
        f"{machine['compiler'].split(',')[0]}; load before the start: {machine['load'].split()[0]}. "
        "Wall time as median (least to most, number of runs); the full report also has CPU time, "
        'memory, latency, scaling, and the thresholds that decide.',
        '',
        '| workload | verdict | magpie | against |',
        '|---|---|---|---|',
    ]
    for workload in report['workloads']:
        ours, theirs = compared(workload)
        cells = [f"{s['title']}: {spread(s)}" if s else '-' for s in (ours, theirs)]
        lines.append(f"| {workload['title']} | **{workload['verdict']}** | {cells[0]} | {cells[1]} |")
    lines += ['', '![Wall time of magpie in relation to the best strategy without coroutines](docs/report.svg)']
    return '\n'.join(lines)


def plot(report):
    """Bars of the ratio of wall times, on a logarithmic scale around 1."""
    rows = [(w, w['comparison']['compared'][0]['ratio']) for w in report['workloads'] if all(compared(w))]
    left, width, step = 270, 420, 30
    height = step * len(rows) + 50
    middle, per_decade = left + width / 2, width / 4  # From 0.01 to 100.
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + width + 90}" height="{height}" '
             f'font-family="sans-serif" font-size="13" fill="#888">']
    for decade in range(-2, 3):
        x = middle + decade * per_decade
        parts.append(f'<line x1="{x}" y1="20" x2="{x}" y2="{height - 30}" stroke="#888" '
                     f'stroke-opacity="{1 if decade == 0 else 0.3}"/>')
        label = f'{10 ** decade:g}x'
        parts.append(f'<text x="{x}" y="{height - 12}" text-anchor="middle">{label}</text>')
    for i, (workload, ratio) in enumerate(rows):
        y = 24 + step * i
        end = middle + max(-2.0, min(2.0, math.log10(ratio))) * per_decade
        colour = COLOURS[workload['verdict']]
        parts.append(f'<text x="{left - 10}" y="{y + 15}" text-anchor="end">'
                     f"{html.escape(workload['title'])}</text>")
        parts.append(f'<rect x="{min(middle, end):.1f}" y="{y + 2}" '
                     f'width="{max(1.0, abs(end - middle)):.1f}" height="18" fill="{colour}"/>')
        anchor, x = ('start', end + 6) if end >= middle else ('end', end - 6)
        parts.append(f'<text x="{x:.1f}" y="{y + 15}" text-anchor="{anchor}">{ratio:.2f}x</text>')
    parts.append('<text x="10" y="14">wall time of magpie / of the fastest strategy without coroutines '
                 '(left: magpie is faster)</text></svg>')
    return '\n'.join(parts) + '\n'


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    with open(sys.argv[1], encoding='utf-8') as file:
        report = json.load(file)
    readme = os.path.join(ROOT, 'README.md')
    with open(readme, encoding='utf-8') as file:
        text = file.read()
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    with open(readme, 'w', encoding='utf-8') as file:
        file.write(f'{before}{BEGIN}\n{table(report)}\n{END}{after}')
    with open(os.path.join(ROOT, 'docs', 'report.svg'), 'w', encoding='utf-8') as file:
        file.write(plot(report))


if __name__ == '__main__':
    main()
