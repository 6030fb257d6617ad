"""What holds for every test: no network, no AWS account, and a recording engine for components."""

import gc
import ipaddress
import os
import signal
import socket
from collections.abc import Generator, Iterator
from typing import Any

import hypothesis
import pytest

from tests.recording import Engine

# To look through millions of the SDK's objects, most of them alive, again and again was a quarter
# of the time of all tests. What they leave behind is some 2 GB, shared out over the workers.
gc.disable()

# Time is never asserted: a busy machine is no failure.
hypothesis.settings.register_profile(
    "patient", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("patient")


class NetworkRefused(BaseException):
    """Not an Exception, so that no retry loop or broad handler of the code under test hides it."""


def _is_local(host: object) -> bool:
    if isinstance(host, bytes):
        host = host.decode()
    if host in (None, "", "localhost"):
        return True
    try:
        return ipaddress.ip_address(str(host)).is_loopback
    except ValueError:
        return False


class Guard:
    """Refuses every connection but to this machine, and the look-up of every other name."""

    def __init__(self) -> None:
        self.on = True
        self._connect = socket.socket.connect
        self._connect_ex = socket.socket.connect_ex
        self._getaddrinfo = socket.getaddrinfo

    def install(self, patch: pytest.MonkeyPatch) -> None:
        guard = self

        def connect(sock: socket.socket, address: Any) -> None:
            guard.check(sock, address)
            guard._connect(sock, address)

        def connect_ex(sock: socket.socket, address: Any) -> int:
            guard.check(sock, address)
            return guard._connect_ex(sock, address)

        def getaddrinfo(host: Any, *args: Any, **kwargs: Any) -> Any:
            if guard.on and not _is_local(host):
                raise NetworkRefused(f"a unit test tried to look up {host!r}")
            return guard._getaddrinfo(host, *args, **kwargs)

        patch.setattr(socket.socket, "connect", connect)
        patch.setattr(socket.socket, "connect_ex", connect_ex)
        patch.setattr(socket, "getaddrinfo", getaddrinfo)

    def check(self, sock: socket.socket, address: Any) -> None:
        if self.on and sock.family != socket.AF_UNIX and not _is_local(address[0]):
            raise NetworkRefused(f"a unit test tried to reach {address}")


GUARD = Guard()


# Once a session: thousands of tests would each pay for it.
@pytest.fixture(scope="session", autouse=True)
def _no_network_and_no_aws_account() -> Iterator[None]:
    """No test can pass, or do harm, thanks to the network or the account of whoever runs it."""
    with pytest.MonkeyPatch.context() as patch:
        GUARD.install(patch)
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            patch.delenv(name)
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        patch.setenv("AWS_CONFIG_FILE", os.devnull)
        patch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
        yield


def pytest_collection_finish(session: pytest.Session) -> None:
    """Tests of the real engine take long enough to need the garbage collector."""
    gc.freeze()
    if any(item.get_closest_marker("e2e") for item in session.items):
        gc.enable()


def pytest_sessionfinish() -> None:
    """Nobody looks through all of it to end the process either."""
    gc.freeze()


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Only a test that was asked for by its marker may reach machines of its own."""
    GUARD.on = item.get_closest_marker("e2e") is None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Generator[None, object, object]:
    """A program takes the process's signals over; the next test, and Ctrl-C, have them back."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.getsignal(number) for number in numbers}
    try:
        return (yield)
    finally:
        for number, handler in before.items():
            if signal.getsignal(number) is not handler:
                signal.signal(number, handler)


@pytest.fixture
def engine() -> Engine:
    recording = Engine()
    recording.attach()
    return recording
