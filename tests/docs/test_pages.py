"""README and guide name only what is there: targets, files, links, and messages as printed."""

import re
from pathlib import Path

import pytest

from settings.load import load, stack_configuration
from settings.problem import SettingsError

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "docs/guide.md", ROOT / "docs/coverage.md"]
GUIDE = (ROOT / "docs/guide.md").read_text()
TARGET = re.compile(r"\bmake ([a-z][a-z-]*)\b(?!\.)")
LINK = re.compile(r"\]\(([^)\s]+)\)")
# What looks like a path of the repository: a known folder, or a file with a known ending.
NAMED_PATH = re.compile(r"`((?:\.github|[a-z]+)/[\w./-]*|[\w.-]+\.(?:md|lock|yaml|py))`")
PLACEHOLDERS = {"apps/NAME.yaml", "Pulumi.STACK.yaml"}
NOT_YET = "## Not yet"


def targets() -> set[str]:
    makefile = (ROOT / "Makefile").read_text()
    return set(re.findall(r"^([a-z][a-z-]*):", makefile, re.MULTILINE))


def commands(text: str) -> set[str]:
    """Targets named as commands: in a code block or between backquotes."""
    code = re.findall(r"^```\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    code += re.findall(r"`([^`\n]+)`", text)
    return {target for part in code for target in TARGET.findall(part)}


def existing(text: str) -> str:
    return text.split(NOT_YET)[0]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_named_is_a_target_of_the_makefile(page: Path) -> None:
    assert commands(existing(page.read_text())) - targets() == set()


def test_what_the_guide_calls_not_yet_is_not_there() -> None:
    missing = GUIDE.split(NOT_YET)[1]
    assert commands(missing) & targets() == set()
    assert [path for path in NAMED_PATH.findall(missing) if (ROOT / path).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_path_named_exists(page: Path) -> None:
    named = set(NAMED_PATH.findall(existing(page.read_text()))) - PLACEHOLDERS
    assert named
    here = (ROOT, page.parent)
    assert {path for path in named if not any((at / path).exists() for at in here)} == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    for link in LINK.findall(page.read_text()):
        path, _, section = link.partition("#")
        target = page.parent / path if path else page
        assert target.exists(), f"{page.name} links to {link}"
        if section:
            assert section in anchors(target), f"{page.name} links to {link}"


def anchors(page: Path) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


def test_the_errors_in_the_guide_are_what_is_printed() -> None:
    configuration = stack_configuration("dev")
    network = configuration["groundwork:network"]
    configuration["groundwork:network"] = network.replace("10.20.0.0/16", "10.20.0.0/24")
    with pytest.raises(SettingsError) as error:
        load("dev", configuration)
    printed = set(map(str, error.value.problems))
    shown = [line for line in GUIDE.splitlines() if line.startswith("Pulumi.dev.yaml: ")]
    assert len(shown) == 2
    assert set(shown) <= printed
