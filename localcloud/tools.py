"""The engine and its plugins, ready in a home: found, downloaded or made."""

import os
from dataclasses import dataclass

from localcloud import processes
from localcloud.engine import binary, plugins
from localcloud.engine.binary import Engine, Say
from localcloud.paths import Paths

ROLE = "tools"


@dataclass(frozen=True)
class Tools:
    engine: Engine
    origins: dict[str, str]
    """Plugin name → official or stand-in."""


def ensure(paths: Paths, say: Say) -> Tools:
    """GROUNDWORK_PLUGINS=stand-ins asks for stand-ins even where official ones can be had."""
    engine = binary.find(say, processes.marks(paths.home, ROLE))
    wanted = os.environ.get("GROUNDWORK_PLUGINS") != "stand-ins"
    official = wanted and engine.language_host is not None and binary.official_reachable()
    return Tools(engine, plugins.install(engine, paths, official=official, say=say))
