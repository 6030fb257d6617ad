"""The host's own firewall: closed, but for what is listed by port and source."""

from dataclasses import dataclass

from hosts.steps import Ensure, File, FirewallRules, Packages, Role, Running

RULES = "/etc/groundwork/firewall-rules"


@dataclass(frozen=True, kw_only=True)
class Opening:
    """A port that a range of addresses may reach; no range: anybody may."""

    port: int
    source: str | None = None

    def rule(self) -> str:
        """As `ufw show added` prints it."""
        if self.source is None:
            return f"allow {self.port}/tcp"
        # A single address is shown without its prefix.
        source = self.source.removesuffix("/32")
        return f"allow from {source} to any port {self.port} proto tcp"


@dataclass(frozen=True, kw_only=True)
class HostFirewall:
    openings: tuple[Opening, ...]

    def __post_init__(self) -> None:
        if not any(opening.port == 22 for opening in self.openings):
            raise ValueError("no opening for port 22 is given: the next run could not log in")


def host_firewall(wanted: HostFirewall) -> Role:
    """Rules that are not listed go, whoever made them; new ones come before old ones leave."""
    rules = sorted({opening.rule() for opening in wanted.openings})
    return Role(
        name="host firewall",
        install=(Packages(("ufw",)),),
        configure=(
            Ensure(
                "firewall closed to what is not listed",
                "grep -qx 'DEFAULT_INPUT_POLICY=\"DROP\"' /etc/default/ufw"
                " && grep -qx 'DEFAULT_OUTPUT_POLICY=\"ACCEPT\"' /etc/default/ufw"
                " && grep -qx 'DEFAULT_FORWARD_POLICY=\"DROP\"' /etc/default/ufw",
                "ufw default deny incoming\nufw default allow outgoing\nufw default deny routed",
            ),
            File(RULES, "".join(f"{rule}\n" for rule in rules)),
        ),
        activate=(FirewallRules(RULES), Running("ufw.service")),
    )
