"""Programs that hosts carry: they need only what Debian brings, and import nothing of ours
but each other."""

from pathlib import Path

DIRECTORY = "/usr/local/lib/groundwork"
"""Where hosts keep them."""


def source(name: str) -> str:
    """The text of a program."""
    return (Path(__file__).parent / name).read_text()


def modules(package: str) -> list[str]:
    """The modules of a program that is more than one, as `source` takes them."""
    here = Path(__file__).parent
    return sorted(
        str(module.relative_to(here))
        for module in (here / package).glob("*.py")
        if module.name != "__init__.py"
    )
