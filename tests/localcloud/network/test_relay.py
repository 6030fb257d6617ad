import socket
import threading

from localcloud import ports
from localcloud.network.relay import Relay


def test_bytes_pass_both_ways_and_ends_are_passed_on() -> None:
    there = socket.create_server(("127.0.0.1", 0))
    here = socket.create_server(("127.0.0.1", 0))
    address = here.getsockname()
    relay = Relay(here, *there.getsockname())

    def answer() -> None:
        connection, _ = there.accept()
        with connection:
            connection.sendall(b"heard " + connection.recv(100))

    thread = threading.Thread(target=answer)
    thread.start()
    with socket.create_connection(address) as client:
        client.sendall(b"hello")
        assert b"".join(iter(lambda: client.recv(100), b"")) == b"heard hello"
    thread.join()
    relay.stop()
    there.close()


def test_a_caller_is_let_go_while_nobody_answers_on_the_other_side() -> None:
    here = socket.create_server(("127.0.0.1", 0))
    address = here.getsockname()
    relay = Relay(here, "127.0.0.1", ports.any_free())
    with socket.create_connection(address) as client:
        assert client.recv(1) == b""
    relay.stop()
