"""Redis as ElastiCache runs it: a token, TLS, the group's parameters, and no way to its insides."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from subprocess import TimeoutExpired
from typing import ClassVar

from localcloud.services.node import CONFIG, DATA, Node
from localcloud.services.server import ServerError

SOCKET = "/run/store/redis.sock"
# Ours, for what the control plane does.
ADMINISTRATOR = "groundwork"
# ElastiCache guide, "Supported and restricted commands": what a client may not use.
RESTRICTED = (
    *("acl|deluser", "acl|load", "acl|log", "acl|save", "acl|setuser", "bgrewriteaof", "bgsave"),
    *("config", "debug", "failover", "migrate", "module", "psync", "replicaof", "save"),
    *("shutdown", "slaveof", "sync"),
)
# ElastiCache guide, "Supported node types": memory in GiB.
MEMORY = {
    "t2.micro": 0.555,
    "t2.small": 1.55,
    "t2.medium": 3.22,
    "t3.micro": 0.5,
    "t3.small": 1.37,
    "t3.medium": 3.09,
    "t4g.micro": 0.5,
    "t4g.small": 1.37,
    "t4g.medium": 3.09,
    "m6g.large": 6.38,
    "m7g.large": 6.38,
    "r6g.large": 13.07,
    "r7g.large": 13.07,
}
USUAL_MEMORY = 1.0
ERRORS = ("ERR", "WRONGPASS", "NOAUTH", "NOPERM", "LOADING")
# What a parameter group may say that a running server takes as it is.
ACTIVE = frozenset(
    {
        *("activedefrag", "active-defrag-cycle-max", "active-defrag-cycle-min"),
        *("client-output-buffer-limit", "hz", "latency-tracking", "lazyfree-lazy-eviction"),
        *("lazyfree-lazy-expire", "lazyfree-lazy-server-del", "lazyfree-lazy-user-del"),
        *("lfu-decay-time", "lfu-log-factor", "maxmemory-policy", "maxmemory-samples"),
        *("notify-keyspace-events", "repl-backlog-size", "slowlog-log-slower-than"),
        *("slowlog-max-len", "stream-node-max-bytes", "stream-node-max-entries"),
        *("tcp-keepalive", "timeout", "tracking-table-max-keys"),
    }
)


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """All that decides one node's configuration."""

    port: int
    node_type: str
    encrypted: bool
    token: str | None
    administrator: str
    parameters: Mapping[str, str]
    leader: str | None  # its address, where the node follows one


def memory_limit(node_type: str, parameters: Mapping[str, str]) -> int:
    """How much the data may take: ElastiCache keeps a quarter back for itself."""
    memory = MEMORY.get(node_type.removeprefix("cache."), USUAL_MEMORY)
    reserved = float(parameters.get("reserved-memory-percent", "25"))
    return int(memory * 1024**3 * (100 - reserved) / 100)


def live_settings(wishes: Wishes) -> dict[str, str]:
    """What a running server can be told."""
    return {
        "maxmemory": str(memory_limit(wishes.node_type, wishes.parameters)),
        **{name: value for name, value in wishes.parameters.items() if name in ACTIVE},
    }


def without_effect(wishes: Wishes) -> list[str]:
    known = ACTIVE | {"reserved-memory-percent", "cluster-enabled"}
    return sorted(set(wishes.parameters) - known)


def users(wishes: Wishes) -> dict[str, str]:
    """Each user's rights; of a password there is only the digest."""
    secret = f"#{_digest(wishes.token)}" if wishes.token else "nopass"
    restricted = " ".join(f"-{command}" for command in RESTRICTED)
    return {
        "default": f"on {secret} ~* &* +@all {restricted}",
        ADMINISTRATOR: f"on #{_digest(wishes.administrator)} ~* &* +@all",
    }


def configuration(wishes: Wishes) -> str:
    """The server's file."""
    lines = [
        "bind * -::*",
        "protected-mode no",
        f"unixsocket {SOCKET}",
        "unixsocketperm 700",
        f"dir {DATA}",
        # What a node held is gone with it, as on ElastiCache.
        'save ""',
        "appendonly no",
        *(f"user {name} {rights}" for name, rights in users(wishes).items()),
        *(f"{name} {_value(value)}" for name, value in sorted(live_settings(wishes).items())),
        f"masteruser {ADMINISTRATOR}",
        f"masterauth {wishes.administrator}",
        "repl-diskless-sync-delay 0",
    ]
    if wishes.encrypted:
        lines += [
            "port 0",
            f"tls-port {wishes.port}",
            f"tls-cert-file {CONFIG}/server.crt",
            f"tls-key-file {CONFIG}/server.key",
            f"tls-ca-cert-file {CONFIG}/ca.crt",
            "tls-auth-clients no",
            "tls-replication yes",
        ]
    else:
        lines += [f"port {wishes.port}"]
    if wishes.leader:
        lines.append(f"replicaof {wishes.leader} {wishes.port}")
    return "\n".join(lines) + "\n"


def _digest(password: str) -> str:
    return hashlib.sha256(password.encode()).hexdigest()


def _value(value: str) -> str:
    return value if value and " " not in value else f'"{value}"'


class Redis:
    """One node, spoken to over its socket."""

    # Engine → its server program, which is also the name of its user and of its client.
    programs: ClassVar = {"redis": "redis", "valkey": "valkey"}

    def __init__(self, node: Node, engine: str) -> None:
        self._node = node
        self._program = self.programs[engine]

    def start(self, address: str, *, restarts: bool) -> None:
        script = (
            f"mkdir -p /run/store && chown {self._program} /run/store && "
            f"exec setpriv --reuid={self._program} --regid={self._program} --init-groups "
            f"{self._program}-server {CONFIG}/redis.conf"
        )
        self._node.start(["sh", "-c", script], address, restarts=restarts)

    def command(self, *lines: str) -> str:
        """Commands on standard input, since arguments are for all to read."""
        administrator = self._node.recall("administrator")
        done = self._node.container.run(
            *(f"{self._program}-cli", "-s", SOCKET, "--no-auth-warning"),
            text="".join(f"{line}\n" for line in (f"AUTH {ADMINISTRATOR} {administrator}", *lines)),
        )
        answer = done.stdout.removeprefix("OK\n").strip()
        wrong = [line for line in answer.splitlines() if line.startswith(ERRORS)]
        if done.returncode or wrong:
            raise ServerError(" ".join(wrong) or done.stderr.strip())
        return answer

    def ready(self) -> bool:
        if self._node.container.main is None:
            return False
        try:
            return self.command("PING") == "PONG"
        except (ServerError, TimeoutExpired):
            return False

    def apply(self, wishes: Wishes) -> None:
        """Tell a running server what is new."""
        self.command(
            *(f"ACL SETUSER {name} reset {rights}" for name, rights in users(wishes).items()),
            *(f"CONFIG SET {n} {_value(v)}" for n, v in sorted(live_settings(wishes).items())),
            f"REPLICAOF {wishes.leader} {wishes.port}" if wishes.leader else "REPLICAOF NO ONE",
        )

    def replication(self) -> dict[str, str]:
        """What it says of itself as a leader or a follower."""
        lines = self.command("INFO replication").splitlines()
        return dict(line.strip().split(":", 1) for line in lines if ":" in line)
