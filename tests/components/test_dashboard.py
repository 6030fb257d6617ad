import json
from itertools import combinations
from typing import Any

import pytest

from components import dashboard
from components.dashboard import Dashboard, DashboardArgs
from tests.recording import Engine
from tests.stacks import built

KIND = "aws:cloudwatch/dashboard:Dashboard"
ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"


def build(engine: Engine, **parts: int) -> None:
    """Parts with so many alarms each."""
    engine.build(
        lambda: Dashboard(
            "shop",
            DashboardArgs(
                title="shop-prod",
                region="eu-west-1",
                parts={
                    part: {f"measure-{one}": f"arn:{part}-{one}" for one in range(number)}
                    for part, number in parts.items()
                },
            ),
        )
    )


def widgets(engine: Engine, name: str = "shop") -> list[dict[str, Any]]:
    return json.loads(engine.named(KIND, name).inputs["dashboardBody"])["widgets"]


def cells(widget: dict[str, Any]) -> set[tuple[int, int]]:
    return {
        (widget["x"] + across, widget["y"] + down)
        for across in range(widget["width"])
        for down in range(widget["height"])
    }


def test_each_alarm_is_a_chart_under_the_heading_of_its_part(engine: Engine) -> None:
    build(engine, hosts=5, main=2)

    shown = widgets(engine)

    headings = [one["properties"]["markdown"] for one in shown if one["type"] == "text"]
    assert headings == ["## hosts", "## main"]
    charts = [one["properties"] for one in shown if one["type"] == "metric"]
    assert [chart["title"] for chart in charts] == [
        *(f"measure-{number}" for number in range(5)),
        *(f"measure-{number}" for number in range(2)),
    ]
    assert len({chart["annotations"]["alarms"][0] for chart in charts}) == 7
    # CloudWatch draws an alarm's own measure, and takes no other beside it.
    assert all("metrics" not in chart for chart in charts)


def test_nothing_on_it_covers_anything_else_or_hangs_over_its_edge(engine: Engine) -> None:
    build(engine, hosts=9, main=4, cache=1)

    shown = widgets(engine)

    assert all(cells(one).isdisjoint(cells(other)) for one, other in combinations(shown, 2))
    assert all(one["x"] + one["width"] <= 24 for one in shown)


def test_a_stack_with_more_than_one_may_hold_has_another(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dashboard, "WIDGETS", 8)
    build(engine, hosts=4, main=2, cache=1)

    names = sorted(one.inputs["dashboardName"] for one in engine.registered if one.typ == KIND)

    assert names == ["shop-prod", "shop-prod-2"]
    assert [len(widgets(engine, name)) for name in ("shop", "shop-2")] == [8, 2]


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_whatever_calls_a_human_is_on_the_dashboard_of_its_stack(stack: str) -> None:
    engine = built(stack)

    (one,) = [resource for resource in engine.registered if resource.typ == KIND]

    assert one.inputs["dashboardName"] == f"groundwork-{stack}"
    shown = one.inputs["dashboardBody"]
    alarms = [resource for resource in engine.registered if resource.typ == ALARM]
    assert len(alarms) > 50
    assert shown.count('"alarms": [') == len(alarms)
