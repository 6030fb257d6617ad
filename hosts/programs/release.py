#!/usr/bin/python3
"""Changes the version of an application that this host serves, without losing a request.

    stage    lay the artifacts of a version beside the one that serves
    switch   out of rotation, change the version or pay what is owed, check, and back
    migrate  bring the database along (this and the next two on the operations instance alone)
    down     take it back to an older schema, with the files of the version that made the newer
    seed     give it its first content
    restart  out of rotation, all processes anew or one service's (where it is here), and back
    publish  give a site's files to the CDN (on the operations instance alone)
    confirm  keep the new version: every host has it
    return   go back to the last confirmed version (started by itself where no confirm came)
    pause    nothing of it runs, visitors are told to come again; a reboot changes nothing
    start    what answers runs again and is well, visitors stay out (--all: the rest too)
    resume   all of it runs, and visitors are let in (started by itself after a while)
    show     say what serves, and what served before, as JSON
    leave    out of rotation, before the host goes down (started by its shutdown)

A switch that is not confirmed in time undoes itself, so that a release which fails on one host
leaves the old version on all of them, even if whoever started it is gone. So does a pause.
"""

from __future__ import annotations

import argparse
import fcntl
import re
import sys
from pathlib import Path

from hosts.programs.releasing.application import RefusedError, load
from hosts.programs.releasing.artifacts import VERSION, publish, stage
from hosts.programs.releasing.pausing import pause, resume, start_again
from hosts.programs.releasing.rotation import leave_rotation
from hosts.programs.releasing.schema import go_down, migrate, seed
from hosts.programs.releasing.showing import show
from hosts.programs.releasing.switching import confirm, give_up, restart, switch

LOCK = Path("/run/groundwork.lock")


def plain(word: str) -> str:
    """A version, as it may stand in a file of variables."""
    if not re.fullmatch(VERSION, word):
        raise argparse.ArgumentTypeError(f"{word!r} is no version")
    return word


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    actions = (
        "stage",
        "migrate",
        "down",
        "seed",
        "switch",
        "restart",
        "publish",
        "confirm",
        "return",
        "pause",
        "start",
        "resume",
        "show",
        "leave",
    )
    parser.add_argument("action", choices=actions)
    parser.add_argument("application")
    parser.add_argument("version", nargs="?")
    parser.add_argument("--service", help="restart this one alone")
    parser.add_argument("--patience", type=float, default=900.0)
    parser.add_argument("--target", type=plain, help="version of the schema to go back to")
    parser.add_argument("--kept", type=plain, help="release that is gone back to")
    parser.add_argument("--plan", action="store_true", help="only say what would be done")
    parser.add_argument("--again", action="store_true", help="seed although it has been done")
    parser.add_argument("--deep", action="store_true", help="show what services say of stores")
    parser.add_argument("--all", action="store_true", help="start what answers nobody as well")
    parser.add_argument(
        "--restored", action="store_true", help="migrate what comes from a dump: no dump first"
    )
    given = parser.parse_args()
    try:
        application = load(given.application)
        if given.action == "return":
            # Started by a timer, so it waits for its turn itself.
            with LOCK.open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                give_up(application, given.version)
        elif given.action == "show":
            show(application, deep=given.deep)
        elif given.action == "leave":
            leave_rotation(application)
        elif given.action == "pause":
            pause(application)
        elif given.action == "start":
            start_again(application, everything=given.all)
        elif given.action == "resume":
            resume(application)
        elif given.action == "restart":
            restart(application, given.service, given.patience)
        elif given.action == "stage":
            stage(application, given.version)
        elif given.action == "publish":
            publish(application, given.version)
        elif given.action == "migrate":
            migrate(application, given.version, restored=given.restored)
        elif given.action == "down":
            go_down(application, given.version, given.target, given.kept, only_planned=given.plan)
        elif given.action == "seed":
            seed(application, given.version, again=given.again)
        elif given.action == "switch":
            switch(application, given.version, given.patience)
        else:
            confirm(application, given.version, given.patience)
    except RefusedError as why:
        print(why, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
