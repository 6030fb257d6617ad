"""The stack at one glance: each measure that calls a human, with its limit, part by part."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

Charts = Mapping[str, pulumi.Input[str]]
"""Title → ARN of the alarm that is drawn."""

# Of a dashboard's grid (CloudWatch user guide, dashboard body structure), 24 units wide.
GRID = 24
WIDTH, HEIGHT = 6, 5
# "between 0 and 500 widget objects" (the same).
WIDGETS = 500


@dataclass(frozen=True, kw_only=True)
class DashboardArgs:
    title: str  # its name, which is one in the whole account
    region: str
    parts: Mapping[str, Charts]  # by heading


class Dashboard(pulumi.ComponentResource):
    """A chart for each alarm, as CloudWatch draws it: the measure, its limit, and when it rang."""

    names: list[str]

    def __init__(
        self, name: str, args: DashboardArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("groundwork:operations:Dashboard", name, None, opts)
        self.names = []
        for number, parts in enumerate(_pages(args.parts), 1):
            suffix = f"-{number}" if number > 1 else ""
            self.names.append(f"{args.title}{suffix}")
            aws.cloudwatch.Dashboard(
                f"{name}{suffix}",
                dashboard_name=self.names[-1],
                dashboard_body=pulumi.Output.json_dumps(
                    {"widgets": list(_widgets(parts, args.region))}
                ),
                opts=pulumi.ResourceOptions(parent=self),
            )
        self.register_outputs({"names": self.names})


def _pages(parts: Mapping[str, Charts]) -> list[dict[str, Charts]]:
    """As few dashboards as the number of widgets allows; a part is on one of them."""
    pages: list[dict[str, Charts]] = []
    left = 0
    for heading, charts in parts.items():
        wanted = 1 + len(charts)
        if wanted > left:
            pages.append({})
            left = WIDGETS
        pages[-1][heading] = charts
        left -= wanted
    return pages


def _widgets(parts: Mapping[str, Charts], region: str) -> Iterator[dict[str, Any]]:
    """Each part under its heading, its charts row by row."""
    top = 0
    for heading, charts in parts.items():
        yield {
            "type": "text",
            **_place(0, top, GRID, 1),
            "properties": {"markdown": f"## {heading}"},
        }
        top += 1
        in_row = GRID // WIDTH
        for number, (title, arn) in enumerate(charts.items()):
            row, column = divmod(number, in_row)
            yield {
                "type": "metric",
                **_place(column * WIDTH, top + row * HEIGHT, WIDTH, HEIGHT),
                "properties": {
                    "title": title,
                    "view": "timeSeries",
                    "region": region,
                    "annotations": {"alarms": [arn]},
                },
            }
        top += HEIGHT * -(-len(charts) // in_row)


def _place(x: int, y: int, width: int, height: int) -> dict[str, int]:
    return {"x": x, "y": y, "width": width, "height": height}
