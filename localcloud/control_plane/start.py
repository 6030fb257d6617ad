"""What can be refused before anything slow is loaded."""

import importlib
import socket

from localcloud.control_plane.reconciler import Reconciler


class StartError(Exception):
    """Why the control plane cannot start, in words for the person who started it."""


def refuse_port_in_use(host: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise StartError(
                f"{host}:{port} cannot be used for the control plane ({error.strerror}). "
                "Stop what listens there, or choose another port with --port."
            ) from error


def load_reconciler(module: str) -> Reconciler:
    try:
        return importlib.import_module(module).reconciler()
    except ModuleNotFoundError as error:
        raise StartError(f"--with {module}: {error}") from error
    except AttributeError as error:
        raise StartError(f"--with {module}: the module has no function reconciler()") from error
