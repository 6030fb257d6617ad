"""Words that several commands take, each said in one way."""

import argparse


def add_application(parser: argparse.ArgumentParser) -> None:
    """APP: which application."""
    parser.add_argument("application", metavar="APP", help="as its file in apps/ is called")


def add_store(parser: argparse.ArgumentParser) -> None:
    """--store: which of its databases."""
    parser.add_argument("--store", help="which of its databases, where it has several")


def add_yes(parser: argparse.ArgumentParser) -> None:
    """--yes: nobody is asked before anything changes."""
    parser.add_argument(
        "--yes", action="store_true", help="ask nothing (as in CI, where CI is set)"
    )
