"""One machine that answers the world itself, with certificates from an ACME authority."""

import json
import shutil
import ssl
import subprocess
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from components.host_facts import HostFacts, Variables
from components.host_roles import pool_roles
from hosts.script import COMMAND, render
from hosts.steps import Role
from localcloud.paths import ROOT
from settings.tree import Settings
from tests.components.test_platform import changes
from tests.e2e.acme import AcmeAuthority, authority
from tests.e2e.emulated import OUTSIDE, PATIENCE, Emulated, emulated, eventually
from tests.stacks import settings_of

DOMAIN = "3dgenerator.test"
API = f"api.{DOMAIN}"
OTHER = "notes.example.test"
APPLICATIONS = ("threed-generator", "notes")
# A second application with a domain of its own, on the same machine.
NOTES = """\
name: notes
title: Notes
hosts: {site: "@"}
services:
  site:
    runtime: {kind: node, node: 20, start: server.js}
    port: 4100
    health: {path: /health}
    routes: [{host: site, path: "/*"}]
"""
# In place of an application's own processes: it tells what it was sent.
ECHO = """\
import http.server, json, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        told = {"port": self.server.server_port, "path": self.path, **dict(self.headers.items())}
        body = json.dumps({name.lower(): value for name, value in told.items()}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *given):
        pass
http.server.ThreadingHTTPServer(("", int(sys.argv[1])), Handler).serve_forever()
"""


@dataclass
class Edge:
    """The machine, and how the world sees it."""

    cloud: Emulated
    instance: str
    script: str
    authority: AcmeAuthority
    root: Path
    """The authority's certificate, once it has answered."""

    @property
    def address(self) -> str:
        return self.cloud.described(self.instance)["PublicIpAddress"]

    def configure(self) -> str:
        done = self.cloud.ssh(COMMAND, self.instance, timeout=PATIENCE, stdin=self.script)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def says(self, command: str) -> str:
        return self.cloud.says(f"sudo {command}", self.instance)

    def curl(self, url: str, *options: str) -> str:
        found = urllib.parse.urlsplit(url)
        port = found.port or (443 if found.scheme == "https" else 80)
        done = subprocess.run(
            [
                *("curl", "-sS", "--max-time", "60", *options),
                *("--resolve", f"{found.hostname}:{port}:{self.address}", url),
            ],
            capture_output=True,
            text=True,
        )
        return done.stdout + done.stderr

    def trusted(self, url: str, *options: str) -> dict[str, Any]:
        """The answer of the service, over a certificate of the authority."""
        return json.loads(self.curl(url, "--cacert", str(self.root), *options))

    def certificate(self, name: str) -> x509.Certificate:
        """The one that is shown to whoever asks for that name."""
        pem = eventually(lambda: self._shown(name)).partition("-----END")[0]
        return x509.load_der_x509_certificate(
            ssl.PEM_cert_to_DER_cert(f"{pem}-----END CERTIFICATE-----\n")
        )

    def _shown(self, name: str) -> str:
        done = subprocess.run(
            ["openssl", "s_client", "-connect", f"{self.address}:443", "-servername", name],
            input="",
            capture_output=True,
            text=True,
        )
        return "".join(done.stdout.partition("-----BEGIN")[1:])


def stack(folder: Path, key: Path, directory: str) -> Settings:
    """Dev on one machine, with two applications."""
    shutil.copytree(ROOT / "apps", folder / "apps")
    (folder / "apps" / "notes.yaml").write_text(NOTES)
    for path in ROOT.glob("Pulumi*.yaml"):
        shutil.copy(path, folder)
    wanted = changes("hosts", "host")
    wanted["edge"] = {**wanted["edge"], "authority": directory}
    wanted["dns"] = {"kind": "external"}
    wanted["deploy_keys"] = [" ".join(key.with_suffix(".pub").read_text().split()[:2])]
    wanted["applications"]["threed-generator"]["domain"] = DOMAIN
    wanted["applications"]["notes"] = {
        "domain": OTHER,
        "placement": {"kind": "hosts", "pools": {"site": "shared"}},
    }
    return settings_of("dev", wanted, folder)


def host_roles(settings: Settings, operations: str) -> list[Role]:
    """All that the machine carries, less what needs an artifact of an application."""
    nothing = Variables(environment={}, secrets={})
    services = {service.key: nothing for service in settings.services_on("shared")}
    facts = HostFacts(operations=operations, services=services)
    roles = pool_roles(settings, "shared", facts, (), first=True)
    first = next(place for place, role in enumerate(roles) if role.name.startswith("certificate"))
    last = first + len(settings.applications)
    return roles[:last]


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    folder = tmp_path_factory.mktemp("edge")
    with emulated(folder) as cloud:
        world = {"port_80": "0.0.0.0/0", "port_443": "0.0.0.0/0"}
        group = cloud.group("shared", port_22=cloud.operations_group, **world)
        instance = cloud.instance("shared-a1", group, public=True)
        cloud.reachable(instance)
        operations = cloud.described(cloud.operations)["PrivateIpAddress"]
        acme = authority(cloud)
        settings = stack(folder / "project", cloud.key, acme.directory)
        script = render(host_roles(settings, operations))
        made = Edge(cloud, instance, script, acme, folder / "acme-root.pem")
        for service in settings.services_on("shared"):
            run = f"--unit {service.key} python3 /opt/echo.py {service.shape.port}"
            cloud.ssh("sudo tee /opt/echo.py", instance, stdin=ECHO)
            made.says(f"systemd-run --quiet {run}")
            made.says(f"mkdir -p /srv/{service.application.name}/current")
        yield made


@pytest.fixture(scope="module")
def waiting(edge: Edge) -> Edge:
    """Configured while the authority cannot be reached, as where a name leads elsewhere still."""
    assert "certificate" in edge.configure()
    return edge


@pytest.fixture(scope="module")
def certified(waiting: Edge) -> Edge:
    """The authority answers, and the time to ask it again has come: for all at once, as after a
    boot."""
    waiting.root.write_text(waiting.authority.start(names=waiting.address))
    units = " ".join(f"groundwork-certificate-{name}.service" for name in APPLICATIONS)
    # Each timer asks once more as soon as it runs: what began before the authority answered, fails.
    under_way = f"systemctl show --property=ActiveState --value {units}"
    eventually(lambda: "activating" not in waiting.says(under_way))
    done = waiting.cloud.ssh(f"sudo systemctl start {units}", waiting.instance, timeout=PATIENCE)
    assert done.returncode == 0, waiting.says("journalctl --no-pager -u 'groundwork-certificate-*'")
    for name in (DOMAIN, API, OTHER):
        # nginx answers with its own until its new processes have taken over.
        eventually(lambda name=name: not is_its_own(waiting.certificate(name)))
    return waiting


def is_its_own(shown: x509.Certificate) -> bool:
    return shown.issuer == shown.subject


def test_until_the_first_certificate_comes_it_answers_with_one_of_its_own(waiting: Edge) -> None:
    assert is_its_own(waiting.certificate(API))
    assert json.loads(waiting.curl(f"https://{API}/x", "-k"))["path"] == "/x"


def test_the_first_certificate_is_asked_for_by_the_clock(waiting: Edge) -> None:
    timers = waiting.says("systemctl list-timers --all --no-legend")

    assert "groundwork-certificate-threed-generator.timer" in timers
    assert "groundwork-certificate-notes.timer" in timers
    assert "certbot.timer" in timers


def test_without_tls_the_world_is_sent_to_where_there_is_some(waiting: Edge) -> None:
    said = waiting.curl(f"http://{API}/p?q=1", "-i")

    assert "301" in said.splitlines()[0]
    assert f"location: https://{API}/p?q=1" in said.lower()


@pytest.mark.parametrize("name", [DOMAIN, API, OTHER])
def test_every_name_has_a_certificate_of_the_authority(certified: Edge, name: str) -> None:
    assert certified.trusted(f"https://{name}/x")["path"] == "/x"
    shown = certified.certificate(name)
    names = shown.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert name in names.get_values_for_type(x509.DNSName)


def test_each_domain_is_in_a_certificate_of_its_application_alone(certified: Edge) -> None:
    shown = certified.certificate(OTHER)
    names = shown.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == [OTHER]


def test_each_name_leads_to_its_service(certified: Edge) -> None:
    assert certified.trusted(f"https://{OTHER}/")["port"] == 4100
    web = certified.trusted(f"https://{DOMAIN}/")["port"]
    api = certified.trusted(f"https://{API}/api/models")["port"]
    assert len({web, api, 4100}) == 3


def test_the_client_is_who_it_is_whatever_it_claims(certified: Edge) -> None:
    told = certified.trusted(f"https://{API}/x", "-H", "X-Forwarded-For: 6.6.6.6")

    assert told["x-forwarded-for"] == told["x-real-ip"] == OUTSIDE
    assert told["x-forwarded-proto"] == "https"


def test_a_second_run_changes_nothing(certified: Edge) -> None:
    assert certified.configure() == ""


def test_a_renewed_certificate_is_served_at_once(certified: Edge) -> None:
    before = certified.certificate(API).serial_number
    certified.says("certbot renew --force-renewal --no-random-sleep-on-renew --quiet")

    # nginx answers with the old one until its new processes have taken over.
    eventually(lambda: certified.certificate(API).serial_number != before)
    assert certified.trusted(f"https://{API}/x")["path"] == "/x"


def test_nobody_reaches_a_service_beside_nginx(certified: Edge) -> None:
    said = certified.curl(f"http://{OTHER}:4100/", "--connect-timeout", "2")
    assert "path" not in said


def test_the_hosts_own_firewall_is_open_to_the_world_for_the_web_alone(certified: Edge) -> None:
    rules = certified.says("ufw show added")

    assert "ufw allow 80/tcp" in rules
    assert "ufw allow 443/tcp" in rules
    assert {line.split()[2] for line in rules.splitlines() if "/tcp" in line} == {
        "80/tcp",
        "443/tcp",
    }
