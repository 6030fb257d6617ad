"""The tables and the picture of benchmarks/hosts.md, from the results of benchmarks/hosts.py."""

import statistics
from collections.abc import Callable, Sequence
from typing import Any
from xml.sax.saxutils import escape

Result = dict[str, Any]

OURS = "groundwork"
ORDER = (OURS, "groundwork, no engine", "ansible-core", "pyinfra")
KINDS = {
    "first": "First run",
    "again": "Nothing to change, every host looked at",
    "unchanged": "Nothing to change, told from the state alone",
}


def tables(found: Sequence[Result]) -> str:
    """Medians; behind a peer's, the median of the ratios to groundwork in the same round."""
    parts: list[str] = []
    for kind, title in KINDS.items():
        of_kind = [one for one in found if one["kind"] == kind]
        if not of_kind:
            continue
        parts += [f"## {title}", "", "Seconds from start to end:", ""]
        parts += _table(of_kind, lambda own: f"{_median(own, 'seconds'):.1f}")
        parts += ["", "Processor seconds, here + on the machines together:", ""]
        parts += _table(of_kind, _processor, _processors)
        parts += ["", "SSH connections; KiB over the network, a machine:", ""]
        parts += _table(of_kind, _network, ratios=False)
        parts += [""]
    loads = [one["load"] for one in found]
    others = sum(one["others_seconds"] for one in found) / sum(one["seconds"] for one in found)
    parts.append(
        f"{len(found)} runs in {len({one['round'] for one in found})} rounds; load average "
        f"{min(loads):.0f} to {max(loads):.0f} when they began; everything else on the machine "
        f"took {others:.1f} processors meanwhile."
    )
    return "\n".join(parts)


def _table(
    found: Sequence[Result],
    cell: Callable[[Sequence[Result]], str],
    measure: Callable[[Result], float] = lambda one: one["seconds"],
    *,
    ratios: bool = True,
) -> list[str]:
    tools = [tool for tool in ORDER if any(one["tool"] == tool for one in found)]
    rows = [f"| machines (rounds) | {' | '.join(tools)} |", f"|{'---|' * (len(tools) + 1)}"]
    for size in sorted({one["machines"] for one in found}):
        same = [one for one in found if one["machines"] == size]
        cells: list[str] = []
        for tool in tools:
            own = [one for one in same if one["tool"] == tool]
            text = cell(own) if own else ""
            ratio = _ratio(same, tool, measure) if ratios and tool != OURS else None
            cells.append(f"{text} ({ratio:.1f}x)" if ratio is not None else text)
        rounds = len({one["round"] for one in same})
        rows.append(f"| {size} ({rounds}) | {' | '.join(cells)} |")
    return rows


def _ratio(same: Sequence[Result], tool: str, measure: Callable[[Result], float]) -> float | None:
    """Of one tool to groundwork, round by round: both met the same load of the machine."""
    ours = {one["round"]: measure(one) for one in same if one["tool"] == OURS}
    pairs = [
        measure(one) / ours[one["round"]]
        for one in same
        if one["tool"] == tool and one["round"] in ours
    ]
    return statistics.median(pairs) if pairs else None


def _median(found: Sequence[Result], figure: str) -> float:
    return statistics.median(one[figure] for one in found)


def _processors(one: Result) -> float:
    return one["controller_seconds"] + one["machine_seconds"]


def _processor(own: Sequence[Result]) -> str:
    return f"{_median(own, 'controller_seconds'):.1f} + {_median(own, 'machine_seconds'):.1f}"


def _network(own: Sequence[Result]) -> str:
    size = own[0]["machines"]
    connections = _median(own, "connections") / size
    return f"{connections:.0f}; {_median(own, 'bytes') / size / 1024:,.0f}"


# -- the picture -------------------------------------------------------------------------------

STYLE = """
  .page { fill: #ffffff } .title { fill: #14212e; font-weight: 600; font-size: 15px }
  .label { fill: #40505f; font-size: 12px } .axis { stroke: #9aa7b4 }
  .t0 { fill: #2e7d5b } .t1 { fill: #b7791f } .t2 { fill: #41729f }
  text { font-family: system-ui, "Segoe UI", "DejaVu Sans", sans-serif }
  @media (prefers-color-scheme: dark) {
    .page { fill: #0f1720 } .title { fill: #f0f4f8 } .label { fill: #b8c4d0 }
    .axis { stroke: #5b6b7a } .t0 { fill: #6fcf9f } .t1 { fill: #e0b050 } .t2 { fill: #7fb2e5 }
  }
"""
DRAWN = (OURS, "ansible-core", "pyinfra")
LEFT, WIDTH, BAR, GAP = 110, 560, 15, 12


def picture(found: Sequence[Result]) -> str:
    """A bar a tool and number of machines, as long as the processor seconds that it took: those
    do not depend on what else ran on the machine."""
    body: list[str] = []
    y = 20
    for n, tool in enumerate(DRAWN):
        x = 20 + 130 * n
        body.append(f'<rect class="t{n}" x="{x}" y="{y}" width="12" height="12"/>')
        body.append(f'<text class="label" x="{x + 18}" y="{y + 11}">{tool}</text>')
    unit = "processor seconds, here and on the machines"
    body.append(f'<text class="label" x="740" y="{y + 11}" text-anchor="end">{unit}</text>')
    y += 40
    for kind in ("first", "again"):
        of_kind = [one for one in found if one["kind"] == kind and one["tool"] in DRAWN]
        if not of_kind:
            continue
        body.append(f'<text class="title" x="20" y="{y}">{escape(KINDS[kind])}</text>')
        y += 16
        sizes = sorted({one["machines"] for one in of_kind})
        bars = {
            (size, tool): statistics.median(map(_processors, own))
            for size in sizes
            for tool in DRAWN
            if (own := [o for o in of_kind if o["tool"] == tool and o["machines"] == size])
        }
        longest = max(bars.values())
        top = y
        for size in sizes:
            name = f"{size} machine{'s' * (size > 1)}"
            middle = y + BAR * len(DRAWN) // 2 + 4
            body.append(
                f'<text class="label" x="{LEFT - 10}" y="{middle}" text-anchor="end">{name}</text>'
            )
            for n, tool in enumerate(DRAWN):
                if (seconds := bars.get((size, tool))) is not None:
                    length = round(WIDTH * seconds / longest, 1)
                    body.append(
                        f'<rect class="t{n}" x="{LEFT}" y="{y}" width="{length}" '
                        f'height="{BAR - 3}"/><text class="label" x="{LEFT + length + 6}" '
                        f'y="{y + 10}">{seconds:.1f}</text>'
                    )
                y += BAR
            y += GAP
        body.append(f'<line class="axis" x1="{LEFT}" y1="{top}" x2="{LEFT}" y2="{y - GAP}"/>')
        y += 24
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 760 {y}" role="img">',
            "<title>Configuring hosts: groundwork, ansible-core, pyinfra</title>",
            f"<style>{STYLE}</style>",
            f'<rect class="page" width="760" height="{y}" rx="10"/>',
            *body,
            "</svg>\n",
        ]
    )
