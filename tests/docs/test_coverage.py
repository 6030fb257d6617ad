"""docs/coverage.md says no more than is true: its ids, files and tests exist."""

import ast
import re
from collections import Counter
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
COVERAGE = (ROOT / "docs/coverage.md").read_text()
STATUSES = {"seen", "declared", "better", "part", "refused", "later"}
QUOTED = re.compile(r"`([^`]+)`")


class Row(NamedTuple):
    id: str
    capability: str
    status: str
    where: list[str]
    tests: list[str]
    note: str


def rows() -> list[Row]:
    found: list[Row] = []
    for line in COVERAGE.splitlines():
        if line.startswith("| R-"):
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            assert len(cells) == 6, f"not six columns: {line}"
            number, capability, status, where, tests, note = cells
            found.append(
                Row(number, capability, status, QUOTED.findall(where), QUOTED.findall(tests), note)
            )
    return found


ROWS = rows()
BUILT = [row for row in ROWS if row.status not in {"refused", "later"}]


@cache
def marked_tests(path: Path) -> dict[str, bool]:
    """The tests of a file, and whether each goes through the real engine."""
    tree = ast.parse(path.read_text())
    whole_file = "e2e" in path.relative_to(ROOT).parts or any(
        isinstance(node, ast.Assign)
        and ast.unparse(node.targets[0]) == "pytestmark"
        and "mark.e2e" in ast.unparse(node.value)
        for node in tree.body
    )
    return {
        node.name: whole_file
        or any("mark.e2e" in ast.unparse(decorator) for decorator in node.decorator_list)
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
    }


def named_tests(row: Row) -> dict[str, bool]:
    """The tests that a row names, and whether each goes through the real engine."""
    named: dict[str, bool] = {}
    for test in row.tests:
        path, _, function = test.partition("::")
        assert (ROOT / path).is_file(), f"{row.id} names {path}, which is not there"
        in_file = marked_tests(ROOT / path)
        assert function in in_file, f"{row.id} names {function}, which is not in {path}"
        named[test] = in_file[function]
    return named


def test_every_requirement_has_one_row_in_order() -> None:
    assert [row.id for row in ROWS] == [f"R-{number:03}" for number in range(1, 348)]


def test_every_row_says_what_it_is_and_how_it_stands() -> None:
    assert [row.id for row in ROWS if not row.capability] == []
    assert [row.id for row in ROWS if row.status not in STATUSES] == []


def test_what_is_built_names_where_it_is_and_a_test_that_exists() -> None:
    assert [row.id for row in BUILT if not row.where] == []
    places = [(row.id, place) for row in BUILT for place in row.where]
    assert [named for named in places if not (ROOT / named[1]).exists()] == []
    assert [row.id for row in BUILT if not named_tests(row)] == []


def test_only_what_a_run_of_the_real_engine_shows_is_called_seen() -> None:
    seen = [row for row in ROWS if row.status == "seen"]
    assert [row.id for row in seen if not any(named_tests(row).values())] == []


def test_what_is_refused_better_or_partly_there_gives_its_reason() -> None:
    silent = [
        row.id for row in ROWS if row.status in {"refused", "better", "part"} and not row.note
    ]
    assert silent == []


def test_what_is_not_built_names_nothing_that_would_look_like_it() -> None:
    assert [row.id for row in ROWS if row.status == "later" and (row.where or row.tests)] == []


def test_the_numbers_at_the_top_are_those_of_the_rows() -> None:
    stated = dict(re.findall(r"^\| (\w+) \|.*\| (\d+) \|$", COVERAGE, re.MULTILINE))
    counted = Counter(row.status for row in ROWS)
    assert {status: int(number) for status, number in stated.items()} == {
        status: counted[status] for status in STATUSES
    }
