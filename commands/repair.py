"""Everything as the files say again: AWS is asked how it is, and every host is gone over."""

import argparse

from commands.stack import Stack

# The engine knows a host by what it was told last, not by what somebody has done to it since. So
# these run again although nothing changed: each step looks first and mends what is amiss, and then
# each host in turn pays the restarts that this owes.
GONE_OVER = (
    "**groundwork:hosts:HostConfiguration$command:remote:Command::**",
    "**groundwork:hosts:Release$command:remote:Command::*-switch-*",
)


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--yes", action="store_true", help="without asking first")


def run(stack: Stack, given: argparse.Namespace) -> int:
    again = [word for pattern in GONE_OVER for word in ("--replace", pattern)]
    return stack.engine.show(
        *("up", "--refresh", *stack.engine.policy_pack, *again),
        *(("--yes",) if given.yes else ()),
    )
