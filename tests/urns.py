"""The names that the engine knows a stack's resources by: python -m tests.urns writes them anew.

A name that goes without an alias is a resource destroyed and another made in its place.
"""

from pathlib import Path

from tests.stacks import STACKS, built

FOLDER = Path(__file__).resolve().parent / "urns"


def names_of(stack: str) -> list[str]:
    """Every resource of a stack as KIND-UNDER-KIND::NAME, sorted."""
    return sorted(resource.urn.split("::", 2)[2] for resource in built(stack).registered)


def recorded(stack: str) -> list[str]:
    """The names as they were last agreed on."""
    path = FOLDER / f"{stack}.txt"
    return path.read_text("utf-8").splitlines() if path.exists() else []


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for each in STACKS:
        names = names_of(each)
        (FOLDER / f"{each}.txt").write_text("\n".join(names) + "\n", "utf-8")
        print(f"{each}: {len(names)} resources")
