"""A new value for a signing key or for a database user, with no request failing on the way.

A key: first everyone learns it as the other one that is accepted; when all know it, it signs, and
the one before is accepted as long as what was signed with it is valid. A user of a database: the
other one of two is made and takes over; when nobody uses the first any more, it may not log in.

No value passes through here: only numbers of generations do, in the stack's file. Between the
steps hosts are started anew one after the other, as by a release. Stopped, and run again, it goes
on with the step that it was at.
"""

import argparse
import datetime
from collections.abc import Iterator
from dataclasses import dataclass

from commands.arguments import add_application, add_yes
from commands.asking import agreed
from commands.changes import listed, previewed
from commands.error import CommandError
from commands.stack import Stack
from commands.stack_file import with_rotation
from settings.agreement.variables import rotating
from settings.application import GeneratedSecret
from settings.stack import Rotation


@dataclass(frozen=True)
class Step:
    says: str
    stands: Rotation


def arguments(parser: argparse.ArgumentParser) -> None:
    add_application(parser)
    parser.add_argument(
        "secret", metavar="SECRET", help="NAME of a two-key secret, or stores.STORE.ROLE"
    )
    parser.add_argument(
        "--early",
        action="store_true",
        help="even if what the last key signed is still valid (overlap_days)",
    )
    add_yes(parser)


def run(stack: Stack, given: argparse.Namespace) -> int:
    application, secret = given.application, given.secret
    _refuse_unknown(stack, application, secret)
    stands = stack.tree.rotation(application, secret)
    today = datetime.datetime.now(datetime.UTC).date()
    going_on = unfinished(secret, stands)
    if not going_on:
        if not given.early:
            _refuse_early(stack, application, secret, stands, today)
        if pending := previewed(stack.engine):
            raise CommandError(
                f"{stack.name} would change in more than this rotation:\n{listed(pending)}",
                f"Bring it up first: {stack.engine.bring_up}",
            )
    steps = list(steps_of(secret, stands, today))
    print(f"{secret} of {application} on {stack.name}:")
    for step in steps:
        print(f"  {step.says}")
    if not agreed("Rotate it?", yes=given.yes):
        raise CommandError("Not rotated.", f"{stack.file.path.name} is as it was.")
    for number, step in enumerate(steps, 1):
        print(f"{number} of {len(steps)}: {step.says}", flush=True)
        told = step.stands.model_dump(exclude_none=True)
        stack.file.write(with_rotation(stack.file.read(), application, secret, told))
        if stack.engine.update():
            raise CommandError(
                f"{secret} is not rotated yet: the run failed, see above.",
                "What was valid still is. Mend the cause, leave the stack's file as it is, and "
                "run the same again: it goes on here.",
            )
    print(f"{secret} is rotated. Commit {stack.file.path.name}.")
    return 0


def unfinished(secret: str, stands: Rotation) -> bool:
    """Whether an earlier run has not come to its end."""
    return stands.announced or (secret.startswith("stores.") and stands.accepted > 0)


def steps_of(secret: str, stands: Rotation, today: datetime.date) -> Iterator[Step]:
    """What is left to do; what an earlier run began is done again first, which changes nothing
    where it was done."""
    if secret.startswith("stores."):
        takes_over = stands.accepted and not stands.announced
        new = stands.current + (0 if takes_over else 1)
        if not takes_over:
            yield Step(
                f"the database learns generation {new}; everyone logs in with {new - 1}",
                Rotation(current=new - 1, accepted=new, since=stands.since),
            )
        yield Step(
            f"generation {new} comes in, host by host; {new - 1} may still log in",
            Rotation(current=new, accepted=new - 1, since=today.isoformat()),
        )
        yield Step(
            f"generation {new - 1} may not log in any more",
            Rotation(current=new, since=today.isoformat()),
        )
        return
    new = stands.current + 1
    yield Step(
        f"generation {new} is accepted everywhere, host by host; {new - 1} signs",
        Rotation(current=new - 1, accepted=new, since=stands.since),
    )
    yield Step(
        f"generation {new} signs, host by host; {new - 1} is accepted",
        Rotation(current=new, accepted=new - 1, since=today.isoformat()),
    )


def _refuse_unknown(stack: Stack, application: str, secret: str) -> None:
    spec = stack.application(application)
    known = rotating(spec)
    if secret in known:
        return
    if isinstance(spec.secrets.get(secret), GeneratedSecret):
        raise CommandError(
            f"{secret} of {application} is one key, not two: another value would end what it "
            "signed, or hide what it encrypted.",
            f"Where it only signs: rotate: two-key in apps/{application}.yaml, and the "
            f"application accepts {secret}_PREVIOUS too.",
        )
    raise CommandError(
        f"{application} has nothing to rotate that is called {secret}.",
        f"It has {', '.join(known) or 'nothing'}. A supplied secret is set anew: pulumi config "
        "set --secret.",
    )


def _refuse_early(
    stack: Stack, application: str, secret: str, stands: Rotation, today: datetime.date
) -> None:
    kept = stack.tree.applications[application].secrets.get(secret)
    if not isinstance(kept, GeneratedSecret) or stands.since is None:
        return
    until = datetime.date.fromisoformat(stands.since) + datetime.timedelta(days=kept.overlap_days)
    if today < until:
        raise CommandError(
            f"What generation {stands.current - 1} of {secret} signed is valid until {until}: "
            "another rotation would log people out.",
            "Wait until then; or, where a key has leaked, --early (EARLY=1).",
        )
