"""Another version serves; unconfirmed it goes back by itself."""

from __future__ import annotations

from hosts.programs.releasing.application import Application, RefusedError
from hosts.programs.releasing.artifacts import prune
from hosts.programs.releasing.changes import link, say
from hosts.programs.releasing.pausing import paused
from hosts.programs.releasing.programs import PROGRAMS
from hosts.programs.releasing.records import debts, history, note, owe, record
from hosts.programs.releasing.rotation import join_rotation, leave_rotation
from hosts.programs.releasing.services import units
from hosts.programs.releasing.starting import start_all
from hosts.programs.releasing.systemd import later, systemctl


def switch(application: Application, version: str, patience: float) -> None:
    """The version serves and nothing is owed, or everything is as it was and this fails."""
    before = application.serving
    changes = before != version
    if not changes and not debts(application):
        return
    if not all((application.release(version) / part).exists() for part in application.artifacts):
        raise RefusedError(f"{application.name} {version} is not staged on this host")
    if paused(application):
        raise RefusedError(
            f"{application.name} is paused here while its database is restored, and serves what it "
            f"served. Release again when that is over; it ends by itself in a while."
        )
    leave_rotation(application)
    if changes:
        link(application.current, f"releases/{version}")
    try:
        start_all(application, version, changed=changes)
    except RefusedError as why:
        if changes:
            try:
                go_back(application, before)
            except RefusedError as worse:
                raise RefusedError(
                    f"{application.name} {version} does not become healthy: {why}\n"
                    f"Nor does {before} any more: {worse}\n"
                    "This host stays out of rotation; the others keep serving."
                ) from None
            raise RefusedError(advice(application, version, before, str(why))) from None
        # What failed is the configuration, and there is no older one to go back to. Out of
        # rotation, this host does no harm, and the others have not been touched yet.
        raise RefusedError(
            f"{why}\nThis host stays out of rotation and the others keep serving as they were. "
            "Correct the configuration and run again."
        ) from None
    join_rotation(application)
    if changes:
        confirmed = record(application).get("confirmed", before)
        if version == confirmed:
            disarm_return(application)  # back where every host was: nobody will confirm it again
        else:
            note(application, pending=version, confirmed=confirmed)
            arm_return(application, version, patience)
        say(f"{application.name} serves {version}")
    else:
        say(f"{application.name} restarted")


def restart(application: Application, name: str | None, patience: float) -> None:
    """What its processes hold in memory is gone, and nothing else; an owed restart is paid too."""
    serving = application.serving
    if serving is None:
        raise RefusedError(f"Nothing of {application.name} is released on this host")
    for service in application.services:
        if name in (None, service.name):
            # Where no other host stands in, processes of PM2 take over from each other.
            alone = service.kind == "exchange" and not application.drain_seconds
            owe("exchange" if alone else "restart", application.name, service.unit)
    switch(application, serving, patience)


def advice(application: Application, version: str, before: str | None, why: str) -> str:
    name = application.name
    if before is None:
        return (
            f"The first release of {name}, {version}, does not become healthy: {why}\n"
            "It answers 503 until a release succeeds. Correct the release and release again."
        )
    return (
        f"{name} {version} does not become healthy: {why}\n"
        f"{before} serves here as before, and hosts that had changed go back to it by themselves. "
        f"Correct the release and release again, or put {before} back into groundwork:releases."
    )


def go_back(application: Application, before: str | None) -> None:
    """The version from before serves again; what cannot be mended is left out of rotation."""
    if before is None:
        application.current.unlink(missing_ok=True)
        for service in application.services:
            systemctl("stop", *units(service))
        join_rotation(application)
        return
    link(application.current, f"releases/{before}")
    start_all(application, before, changed=True)
    join_rotation(application)


def arm_return(application: Application, version: str, patience: float) -> None:
    later(
        f"groundwork-return-{application.name}",
        patience,
        [f"{PROGRAMS}/release", "return", application.name, version],
    )


def disarm_return(application: Application) -> None:
    systemctl("stop", f"groundwork-return-{application.name}.timer")
    if record(application).get("pending"):
        note(application, pending=None)


def confirm(application: Application, version: str, patience: float) -> None:
    """Every host has the version: it is the one to go back to from now on."""
    switch(application, version, patience)
    known = record(application)
    disarm_return(application)
    if known.get("confirmed") != version or known.get("pending"):
        note(application, confirmed=version, history=history(known, version))
        say(f"{application.name} {version} confirmed")
    prune(application)


def give_up(application: Application, version: str) -> None:
    """No confirm came in time: the release failed on another host, or whoever ran it is gone."""
    known = record(application)
    if known.get("pending") != version:
        return  # another release came while this one waited for its turn
    leave_rotation(application)
    note(application, pending=None)
    go_back(application, known.get("confirmed"))
    say(f"{application.name} went back to {known.get('confirmed')}")
