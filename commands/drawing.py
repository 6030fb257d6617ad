"""Boxes, frames and arrows as SVG, in one style for every picture of a platform."""

from collections.abc import Sequence
from typing import NamedTuple
from xml.sax.saxutils import escape

# One style for light and dark pages; a page without either gets the light one.
STYLE = """
  .page { fill: #ffffff } .group { fill: #f4f6f8; stroke: #9aa7b4 }
  .tier { fill: #e6ebf0; stroke: none } .box { fill: #ffffff; stroke: #41729f }
  .data { fill: #ffffff; stroke: #2e7d5b } .person { fill: #fff7e6; stroke: #b7791f }
  .name { fill: #14212e; font-weight: 600; font-size: 14px }
  .detail { fill: #40505f; font-size: 12px }
  .label { fill: #40505f; font-size: 12px; font-weight: 600; letter-spacing: 0.4px }
  .arrow { stroke: #40505f; fill: none; stroke-width: 1.5 } .head { fill: #40505f }
  text { font-family: system-ui, "Segoe UI", "DejaVu Sans", sans-serif }
  @media (prefers-color-scheme: dark) {
    .page { fill: #0f1720 } .group { fill: #17222d; stroke: #5b6b7a }
    .tier { fill: #1f2d3a } .box { fill: #0f1720; stroke: #7fb2e5 }
    .data { fill: #0f1720; stroke: #6fcf9f } .person { fill: #2a2312; stroke: #e0b050 }
    .name { fill: #f0f4f8 } .detail, .label { fill: #b8c4d0 }
    .arrow { stroke: #b8c4d0 } .head { fill: #b8c4d0 }
  }
"""


# How wide a letter is at most, on average, in the sizes above.
NAME_LETTER, DETAIL_LETTER = 8.3, 6.4


class Box(NamedTuple):
    x: int
    y: int
    width: int
    height: int
    name: str
    details: tuple[str, ...] = ()
    kind: str = "box"


class Area(NamedTuple):
    """A band or a frame with a label in its corner."""

    x: int
    y: int
    width: int
    height: int
    label: str
    kind: str = "group"


class Note(NamedTuple):
    """A line of words by itself."""

    x: int
    y: int
    text: str
    kind: str = "detail"


class Arrow(NamedTuple):
    """A line through points, its head at the last one."""

    points: tuple[tuple[int, int], ...]


def drawn(area: Area) -> str:
    return (
        f'<rect class="{area.kind}" x="{area.x}" y="{area.y}" width="{area.width}" '
        f'height="{area.height}" rx="8"/>'
        f'<text class="label" x="{area.x + 12}" y="{area.y + 19}">{escape(area.label)}</text>'
    )


def box(shape: Box) -> str:
    middle = shape.x + shape.width // 2
    lines = 1 + len(shape.details)
    first = shape.y + shape.height // 2 - 9 * (lines - 1) + 5
    name = _fitted(shape.name, shape, NAME_LETTER)
    texts = [f'<text class="name" x="{middle}" y="{first}">{name}</text>']
    texts += [
        f'<text class="detail" x="{middle}" y="{first + 18 * number}">'
        f"{_fitted(detail, shape, DETAIL_LETTER)}</text>"
        for number, detail in enumerate(shape.details, start=1)
    ]
    return (
        f'<rect class="{shape.kind}" x="{shape.x}" y="{shape.y}" width="{shape.width}" '
        f'height="{shape.height}" rx="6" stroke-width="1.5"/>'
        f'<g text-anchor="middle">{"".join(texts)}</g>'
    )


def _fitted(text: str, shape: Box, letter: float) -> str:
    """Cut where it would leave its box."""
    most = int((shape.width - 12) / letter)
    return escape(text if len(text) <= most else f"{text[: most - 1]}…")


def arrow(line: Arrow) -> str:
    points = " ".join(f"{x},{y}" for x, y in line.points)
    return f'<polyline class="arrow" points="{points}" marker-end="url(#head)"/>'


def note(line: Note) -> str:
    return f'<text class="{line.kind}" x="{line.x}" y="{line.y}">{escape(line.text)}</text>'


def svg(
    title: str,
    size: tuple[int, int],
    *,
    areas: Sequence[Area],
    arrows: Sequence[Arrow],
    boxes: Sequence[Box],
    notes: Sequence[Note] = (),
) -> str:
    """The whole picture; what comes later lies above."""
    width, height = size
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">',
            f"<title>{escape(title)}</title>",
            f"<style>{STYLE}</style>",
            '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" '
            'markerHeight="7" orient="auto"><path class="head" d="M0 0 8 4 0 8z"/></marker></defs>',
            f'<rect class="page" width="{width}" height="{height}" rx="10"/>',
            *map(drawn, areas),
            *map(arrow, arrows),
            *map(box, boxes),
            *map(note, notes),
            "</svg>\n",
        ]
    )
