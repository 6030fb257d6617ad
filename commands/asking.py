"""What a person in front of the terminal is asked, and says."""

import os
import sys

from commands.error import CommandError


def agreed(question: str, *, yes: bool) -> bool:
    """Whether it is wanted; yes: that was said beforehand. In CI, where CI is set, it was too."""
    if yes or os.environ.get("CI"):
        return True
    return answer(f"{question} [y/N] ", "Without a question: --yes").lower() in ("y", "yes")


def answer(question: str, instead: str) -> str:
    """What a person says; CommandError where nobody is there, with what to give instead."""
    if not sys.stdin.isatty():
        raise CommandError("Nobody can be asked here.", instead)
    return input(question).strip()
