"""What YAML would let pass in silence is refused, with its key and what may stand there."""

from pathlib import Path

import pytest

from settings.documents import read
from settings.problem import Problem

FILE = "apps/shop.yaml"


def _read(folder: Path, content: str | bytes) -> dict[str, object] | list[Problem]:
    path = folder / "shop.yaml"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read(path, FILE)


def _problem(folder: Path, content: str | bytes) -> Problem:
    found = _read(folder, content)
    assert isinstance(found, list)
    (problem,) = found
    assert problem.file == FILE
    return problem


@pytest.mark.parametrize(
    ("content", "key", "value", "allowed"),
    [
        ("", "(the file)", "empty", "must be a group of keys"),
        ("# to do\n", "(the file)", "empty", "must be a group of keys"),
        ("- a\n", "(the file)", "a list", "must be a group of keys"),
        ("shop\n", "(the file)", "one value", "must be a group of keys"),
        (
            "a: {b: 1, c: 2, b: 3}\n",
            "a.b",
            "given twice",
            "the key b stands twice, on lines 1 and 1",
        ),
        ("a:\n  on: 1\n", "a.on", "no text on line 2", "a key must be text: quote it"),
        ("a:\n  1: b\n", "a.1", "no text on line 2", "a key must be text: quote it"),
        ("a: {{shop}}\n", "a", "a group on line 1", "a value that begins with { needs quotes"),
    ],
)
def test_a_document_is_a_group_of_keys_each_a_text_that_stands_once(
    tmp_path: Path, content: str, key: str, value: str, allowed: str
) -> None:
    problem = _problem(tmp_path, content)

    assert (problem.key, problem.value, problem.allowed) == (key, value, allowed)


@pytest.mark.parametrize("word", ["yes", "NO", "on", "Off"])
def test_a_word_that_is_a_switch_to_some_readers_is_refused(tmp_path: Path, word: str) -> None:
    problem = _problem(tmp_path, f"a:\n  - b: {word}\n")

    assert (problem.key, problem.value) == ("a.0.b", word)
    assert problem.allowed == "must be true or false, or in quotes where it is text"


@pytest.mark.parametrize(
    "number",
    [
        "0755",
        "0x1F",
        "0o17",
        "12:30",
        "1_000",
        "1.10",
        "+5",
        "1e5",
        ".5",
        "5.",
        ".inf",
        ".nan",
        "12345678901234567",
        "0.00001",
        "2026-01-31",
        "2026-01-31T10:00:00Z",
    ],
)
def test_a_number_that_is_another_one_to_some_readers_is_refused(
    tmp_path: Path, number: str
) -> None:
    problem = _problem(tmp_path, f"a: {number}\n")

    assert (problem.key, problem.value) == ("a", number)
    assert "must be in quotes where it is text" in problem.allowed


def test_a_password_in_digits_is_not_shown(tmp_path: Path) -> None:
    problem = _problem(tmp_path, "a: {SMTP_PASS: 0123456}\n")

    assert problem.key == "a.SMTP_PASS"
    assert "0123456" not in str(problem)


def test_values_that_all_readers_agree_on_are_taken(tmp_path: Path) -> None:
    content = """
        a: [true, False, 0, -1, 123456789012, 1.5, 0.25, 24.21.0, v1, ~]
        b: ["yes", '0755', "12:30", "1.10"]
        c: |
          no
        d: {8.0-image: x}
    """
    assert _read(tmp_path, content) == {
        "a": [True, False, 0, -1, 123456789012, 1.5, 0.25, "24.21.0", "v1", None],
        "b": ["yes", "0755", "12:30", "1.10"],
        "c": "no\n",
        "d": {"8.0-image": "x"},
    }


def test_groups_may_be_named_and_merged(tmp_path: Path) -> None:
    content = "a: &a {x: 1, y: 2}\nb: {<<: *a, y: 3}\n"

    assert _read(tmp_path, content) == {"a": {"x": 1, "y": 2}, "b": {"x": 1, "y": 3}}


def test_all_faults_of_a_file_are_said_at_once(tmp_path: Path) -> None:
    found = _read(tmp_path, "a: yes\nb: 0755\nb: c\n")

    assert isinstance(found, list)
    assert {problem.key for problem in found} == {"a", "b"}
    assert len(found) == 3


@pytest.mark.parametrize(
    ("content", "line", "hint"),
    [
        ("a:\n\tb: 1\n", "line 2", "a line is indented with spaces, and a tab stands here"),
        ("a: @\n", "line 1", "a value that begins with it needs quotes"),
        ("a: * * * * *\n", "line 1", "a value that begins with * or & needs quotes"),
        ("a:\n  b: 1\n c: 2\n", "line 3", "look how this line and those around it are indented"),
        ("a: [unclosed\n", "line 2", "not valid YAML"),
        ("a: !env B\n", "line 1", "tags with ! are not taken"),
        ("a: *b\n", "line 1", "found undefined alias"),
        ("a: 1\n---\nb: 2\n", "line 2", "found another document"),
    ],
)
def test_what_is_no_yaml_is_said_with_its_line_and_what_to_look_at(
    tmp_path: Path, content: str, line: str, hint: str
) -> None:
    problem = _problem(tmp_path, content)

    assert problem.key == line
    assert hint in problem.allowed


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("a: ä\n".encode("latin-1"), "no UTF-8 at byte 4; must be saved as UTF-8"),
        ("a: b\n".encode("utf-16"), "no UTF-8 at byte 1; must be saved as UTF-8"),
        (b"a: b\0\n", "control characters are not allowed"),
        ("a: " + "[" * 5000 + "]" * 5000, "groups and lists lie too deep within one another"),
    ],
)
def test_what_is_no_text_is_said_to_be_so(tmp_path: Path, content: str | bytes, said: str) -> None:
    problem = _problem(tmp_path, content)

    assert problem.key == "(the file)"
    assert said in str(problem)


def test_a_mark_at_the_beginning_and_line_ends_of_windows_do_no_harm(tmp_path: Path) -> None:
    assert _read(tmp_path, "\ufeffa: 1\r\nb: c\r\n") == {"a": 1, "b": "c"}


def test_a_file_that_is_not_there_is_said_to_be_so(tmp_path: Path) -> None:
    found = read(tmp_path / "none.yaml", FILE)

    assert found == [
        Problem(file=FILE, key="(the file)", value="", allowed="No such file or directory")
    ]
