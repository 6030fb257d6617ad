"""`python -m localcloud.standins.language ENGINE`: the LanguageRuntime service."""

import json
import platform
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import empty_pb2

from localcloud.standins import serving
from localcloud.standins.language import packages
from localcloud.standins.language.policy_proxy import PolicyProxy
from localcloud.standins.language.toolchain import Toolchain, ToolchainError
from localcloud.standins.rpc import language_pb2, language_pb2_grpc, plugin_pb2

VERSION = "3.250.0"
PROGRAM = Path(__file__).with_name("program.py")

# The exit code by which program.py says that the failure has been shown already.
ALREADY_REPORTED = 32


class LanguageHost(language_pb2_grpc.LanguageRuntimeServicer):
    """Starts programs and policy packs, and ends them when the engine says so."""

    def __init__(self, engine: str) -> None:
        self._engine = engine
        self._children: set[subprocess.Popen[bytes]] = set()
        self._lock = threading.Lock()

    def stop_all(self) -> None:
        with self._lock:
            children = list(self._children)
        for child in children:
            _end(child)

    # -- who is asked ------------------------------------------------------------------------

    def Handshake(self, request: Any, context: Any) -> Any:
        self._engine = request.engine_address or self._engine
        return language_pb2.LanguageHandshakeResponse()

    def GetPluginInfo(self, request: Any, context: Any) -> Any:
        return plugin_pb2.PluginInfo(version=VERSION)

    def Cancel(self, request: Any, context: Any) -> Any:
        self.stop_all()
        return empty_pb2.Empty()

    def About(self, request: Any, context: Any) -> Any:
        toolchain = self._toolchain(request.info, context)
        return language_pb2.AboutResponse(
            executable=toolchain.python(),
            version=platform.python_version(),
            metadata={"toolchain": toolchain.kind},
        )

    def RuntimeOptionsPrompts(self, request: Any, context: Any) -> Any:
        return language_pb2.RuntimeOptionsResponse()

    def Template(self, request: Any, context: Any) -> Any:
        return language_pb2.TemplateResponse()

    # -- what a program needs ----------------------------------------------------------------

    def GetRequiredPackages(self, request: Any, context: Any) -> Any:
        required = packages.required_plugins(self._toolchain(request.info, context))
        return language_pb2.GetRequiredPackagesResponse(packages=required)

    def GetRequiredPlugins(self, request: Any, context: Any) -> Any:
        context.abort(grpc.StatusCode.UNIMPLEMENTED, "ask GetRequiredPackages instead")

    def GetProgramDependencies(self, request: Any, context: Any) -> Any:
        rows = packages.installed(self._toolchain(request.info, context))
        found = [
            language_pb2.DependencyInfo(name=name, version=version) for name, version, _ in rows
        ]
        return language_pb2.GetProgramDependenciesResponse(dependencies=found)

    def InstallDependencies(self, request: Any, context: Any) -> Any:
        context.abort(
            grpc.StatusCode.UNIMPLEMENTED,
            "this language host installs nothing: make the virtual environment first",
        )

    # -- running -----------------------------------------------------------------------------

    def Run(self, request: Any, context: Any) -> Any:
        try:
            toolchain = Toolchain(request.info)
            python = toolchain.python()
        except ToolchainError as error:
            return language_pb2.RunResponse(error=str(error))
        config, secret_keys = dict(request.config), list(request.configSecretKeys)
        environment = toolchain.environment()
        environment["GROUNDWORK_PROGRAM"] = json.dumps(
            {
                "monitor": request.monitor_address,
                "engine": self._engine,
                "project": request.project,
                "stack": request.stack,
                "organization": request.organization,
                "root": request.info.root_directory,
                "parallel": request.parallel,
                "dry_run": request.dryRun,
                "config": config,
                "secret_keys": secret_keys,
                "entry": request.info.entry_point,
                "directory": request.pwd or request.info.program_directory,
                "arguments": list(request.args),
            }
        )
        # The SDK reads these two in processes that a program starts.
        environment["PULUMI_CONFIG"] = json.dumps(config)
        environment["PULUMI_CONFIG_SECRET_KEYS"] = json.dumps(secret_keys)
        # Its output goes where this process's goes: the engine reads both line by line.
        child = self._start(
            [python, "-u", str(PROGRAM)], environment, request.info.program_directory
        )
        context.add_callback(lambda: _end(child))
        match self._wait(child):
            case 0:
                return language_pb2.RunResponse()
            case code if code == ALREADY_REPORTED:
                return language_pb2.RunResponse(bail=True)
            case code:
                return language_pb2.RunResponse(error=f"the program ended with exit status {code}")

    def RunPlugin(self, request: Any, context: Any) -> Iterator[Any]:
        is_pack = request.kind == "analyzer"
        try:
            toolchain = Toolchain(request.info, is_plugin=not is_pack)
            python = toolchain.python()
        except ToolchainError as error:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(error))
            return
        given = dict(pair.split("=", 1) for pair in request.env if "=" in pair)
        environment = toolchain.environment(given or None)
        directory = request.info.program_directory
        if not is_pack:
            command = [python, "-u", directory, *request.args]
            yield from self._relay(command, environment, request.pwd, context, None)
            return
        proxy = PolicyProxy()
        context.add_callback(proxy.stop)
        yield language_pb2.RunPluginResponse(stdout=f"{proxy.port}\n".encode())
        environment.update(proxy.environment())
        command = [python, "-u", "-m", "pulumi.policy", *request.args, directory]
        if context.is_active():
            yield from self._relay(command, environment, directory, context, proxy)

    def _relay(
        self,
        command: list[str],
        environment: dict[str, str],
        directory: str,
        context: Any,
        proxy: PolicyProxy | None,
    ) -> Iterator[Any]:
        """Everything the plugin prints, then its exit code; a pack's port goes to the proxy."""
        child = self._start(
            command, environment, directory, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        context.add_callback(lambda: _end(child))
        lines: queue.Queue[tuple[str, bytes | None]] = queue.Queue()

        def pump(stream: Any, name: str) -> None:
            for line in stream:
                lines.put((name, line))
            lines.put((name, None))

        for stream, name in ((child.stdout, "stdout"), (child.stderr, "stderr")):
            threading.Thread(target=pump, args=(stream, name), daemon=True).start()
        open_streams, port_seen = 2, proxy is None
        while open_streams:
            name, line = lines.get()
            if line is None:
                open_streams -= 1
            elif (
                proxy is not None and not port_seen and name == "stdout" and line.strip().isdigit()
            ):
                port_seen = True
                proxy.attach(int(line))
            else:
                fields: dict[str, Any] = {name: line}
                yield language_pb2.RunPluginResponse(**fields)
        code = self._wait(child)
        if proxy is not None:
            proxy.fail(f"the policy pack ended with exit status {code}")
        yield language_pb2.RunPluginResponse(exitcode=code)

    # -- inside ------------------------------------------------------------------------------

    def _toolchain(self, info: Any, context: Any) -> Toolchain:
        try:
            toolchain = Toolchain(info)
            toolchain.python()
        except ToolchainError as error:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(error))
            raise
        return toolchain

    def _start(
        self,
        command: list[str],
        environment: dict[str, str],
        directory: str,
        stdout: int | None = None,
        stderr: int | None = None,
    ) -> subprocess.Popen[bytes]:
        child = subprocess.Popen(
            command,
            env=environment,
            cwd=directory,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
        )
        with self._lock:
            self._children.add(child)
        return child

    def _wait(self, child: subprocess.Popen[bytes]) -> int:
        code = child.wait()
        with self._lock:
            self._children.discard(child)
        return code


def _end(child: subprocess.Popen[bytes]) -> None:
    if child.poll() is None:
        child.terminate()


def main() -> None:
    host = LanguageHost(serving.engine_address(sys.argv))
    serving.serve(
        lambda server: language_pb2_grpc.add_LanguageRuntimeServicer_to_server(host, server),
        host.stop_all,
    )


if __name__ == "__main__":
    main()
