"""The Python environment that a project asks for in the runtime options of its Pulumi.yaml."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any


class ToolchainError(Exception):
    """Why a project's Python cannot be used, and what to do."""


class Toolchain:
    """Answers which Python runs a program, and with which environment."""

    def __init__(self, info: Any, *, is_plugin: bool = False) -> None:
        options = {name: value.string_value for name, value in info.options.fields.items()}
        self.root = Path(info.root_directory)
        self.kind = options.get("toolchain") or "pip"
        if self.kind not in ("pip", "uv"):
            raise ToolchainError(
                f"runtime option toolchain is {self.kind!r}; this language host knows pip and uv"
            )
        default = ".venv" if self.kind == "uv" else "venv" if is_plugin else ""
        name = options.get("virtualenv") or default
        self.virtualenv = self.root / name if name else None

    def python(self) -> str:
        if self.virtualenv is not None:
            path = self.virtualenv / "bin" / "python"
            if not path.exists():
                raise ToolchainError(f"there is no {path}: make the virtual environment first")
            return str(path)
        command = os.environ.get("PULUMI_PYTHON_CMD", "")
        path = shutil.which(command or "python3") or shutil.which("python")
        if path is None:
            raise ToolchainError("there is no python3 on PATH, and the project names no virtualenv")
        return path

    def environment(self, base: Mapping[str, str] | None = None) -> dict[str, str]:
        environment = dict(os.environ if base is None else base)
        if self.virtualenv is not None:
            environment["VIRTUAL_ENV"] = str(self.virtualenv)
            path = environment.get("PATH", "")
            environment["PATH"] = f"{self.virtualenv / 'bin'}{os.pathsep}{path}"
            environment.pop("PYTHONHOME", None)
        return environment

    def capture(self, code: str) -> str:
        """What a piece of Python prints in the project's environment."""
        done = subprocess.run(
            [self.python(), "-c", code],
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise ToolchainError(f"{self.python()} failed: {done.stderr.strip()}")
        return done.stdout
