"""docs/reference.md and the picture are what their sources make of them."""

from pathlib import Path
from xml.etree import ElementTree

from docs import reference
from docs.pictures import draw_platform

ROOT = Path(__file__).parents[2]


def test_the_settings_reference_is_that_of_the_models() -> None:
    assert reference.PAGE.read_text() == reference.page(), "run: python -m docs.reference"


def test_every_link_within_the_reference_leads_to_a_section() -> None:
    page = reference.page()
    sections = {line[4:].lower() for line in page.splitlines() if line.startswith("### ")}
    links = {link.split(")")[0] for link in page.split("](#")[1:]}
    assert links - sections == set()


def test_the_picture_is_the_drawn_one() -> None:
    run = "run: python -m docs.pictures.draw_platform"
    assert draw_platform.picture() == draw_platform.PICTURE.read_text(), run


def test_the_picture_has_colours_for_light_and_for_dark_pages() -> None:
    text = (ROOT / "docs/pictures/platform.svg").read_text()
    ElementTree.fromstring(text)  # noqa: S314 our own file
    assert "prefers-color-scheme: dark" in text
