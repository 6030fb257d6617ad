"""The load balancer is a proxy: rules, TLS, health and leave-taking can be measured on it."""

import json
import signal
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from typing import Any

import pytest

from localcloud.load_balancer.runtime import Runtime
from tests.e2e.emulated import OUTSIDE, Emulated, emulated, eventually

PORT = 8080
DELAY = 20
# A target that tells what it was sent, waits where it is asked to, and says when it is ill.
TARGET = """
import base64, hashlib, http.server, json, os, socket, time, urllib.parse
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        asked = urllib.parse.urlparse(self.path)
        wait = urllib.parse.parse_qs(asked.query).get("wait")
        if wait:
            time.sleep(float(wait[0]))
        if self.headers.get("Upgrade"):
            self.send_response(101)
            self.send_header("Upgrade", self.headers["Upgrade"])
            self.send_header("Connection", "Upgrade")
            key = self.headers["Sec-WebSocket-Key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
            accept = base64.b64encode(hashlib.sha1(key.encode()).digest()).decode()
            self.send_header("Sec-WebSocket-Accept", accept)
            self.end_headers()
            self.wfile.write(self.rfile.readline())
            return
        ill = asked.path == "/health" and os.path.exists("/tmp/ill")
        body = json.dumps({"host": socket.gethostname(), "path": self.path,
                           "headers": {k.lower(): v for k, v in self.headers.items()}}).encode()
        self.send_response(503 if ill else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *given):
        pass
http.server.ThreadingHTTPServer(("", PORT), Handler).serve_forever()
"""
UNIT = """[Service]
ExecStart=python3 /opt/target.py
Restart=always
PrivateTmp=no
[Install]
WantedBy=multi-user.target
"""
USER_DATA = "#cloud-config\n" + json.dumps(
    {
        "write_files": [
            {"path": "/opt/target.py", "content": TARGET.replace("PORT", str(PORT))},
            {"path": "/etc/systemd/system/target.service", "content": UNIT},
        ],
        "runcmd": ["systemctl enable --now target"],
    }
)


@dataclass
class Door:
    """One load balancer, its certificate and its targets."""

    cloud: Emulated
    balancer: str
    listener: str
    group: str
    app_group: str
    targets: list[str] = field(default_factory=list[str])

    @property
    def address(self) -> str:
        return self.cloud.status("load_balancer")[0]["address"]

    @property
    def authority(self) -> str:
        return str(self.cloud.state / "network/authority/ca.pem")

    def curl(self, url: str, *options: str) -> str:
        host, scheme = "shop.test", url.partition(":")[0]
        port = 443 if scheme == "https" else 80
        done = subprocess.run(
            [
                *("curl", "-sS", "--max-time", "60", "--cacert", self.authority),
                *("--resolve", f"{host}:{port}:{self.address}", *options, url),
            ],
            capture_output=True,
            text=True,
        )
        return done.stdout + done.stderr

    def proxy_said(self) -> str:
        return (self.cloud.container("lb-front-*").directory / "console").read_text()[-3000:]

    def get(self, path: str, **headers: str) -> dict[str, Any]:
        options = [word for name, value in headers.items() for word in ("-H", f"{name}: {value}")]
        return json.loads(self.curl(f"https://shop.test{path}", *options))

    def health(self, *ids: str) -> dict[str, str]:
        given = {"Targets": [{"Id": i} for i in ids]} if ids else {}
        found = self.cloud.client("elbv2").describe_target_health(
            TargetGroupArn=self.group, **given
        )["TargetHealthDescriptions"]
        return {one["Target"]["Id"]: one["TargetHealth"]["State"] for one in found}

    def reason(self, target: str) -> str:
        """Why it is not well."""
        [found] = self.cloud.client("elbv2").describe_target_health(
            TargetGroupArn=self.group, Targets=[{"Id": target}]
        )["TargetHealthDescriptions"]
        return found["TargetHealth"].get("Description", "")

    def all_healthy(self) -> None:
        eventually(lambda: set(self.health().values()) == {"healthy"})

    def register(self, target: str) -> None:
        self.cloud.client("elbv2").register_targets(
            TargetGroupArn=self.group, Targets=[{"Id": target}]
        )

    def deregister(self, target: str) -> None:
        self.cloud.client("elbv2").deregister_targets(
            TargetGroupArn=self.group, Targets=[{"Id": target}]
        )

    def rule(self, priority: int, path: str, body: str) -> str:
        made = self.cloud.client("elbv2").create_rule(
            ListenerArn=self.listener,
            Priority=priority,
            Conditions=[{"Field": "path-pattern", "PathPatternConfig": {"Values": [path]}}],
            Actions=[
                {
                    "Type": "fixed-response",
                    "FixedResponseConfig": {
                        "StatusCode": "200",
                        "ContentType": "text/plain",
                        "MessageBody": body,
                    },
                }
            ],
        )
        return made["Rules"][0]["RuleArn"]


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with emulated(tmp_path_factory.mktemp("door")) as cloud:
        made = build(cloud)
        made.all_healthy()
        cloud.reachable()
        yield made


def build(cloud: Emulated) -> Door:
    elb = cloud.client("elbv2")
    front = cloud.group("front", port_80="0.0.0.0/0", port_443="0.0.0.0/0")
    apps = cloud.group("apps", port_8080=front, port_22=cloud.operations_group)
    balancer = elb.create_load_balancer(
        Name="front", Subnets=cloud.subnets, SecurityGroups=[front]
    )["LoadBalancers"][0]
    group = elb.create_target_group(
        Name="web",
        Protocol="HTTP",
        Port=PORT,
        VpcId=cloud.vpc,
        TargetType="instance",
        HealthCheckPath="/health",
        HealthCheckIntervalSeconds=5,
        HealthCheckTimeoutSeconds=3,
        HealthyThresholdCount=2,
        # A machine that stands still for a few seconds is not ill.
        UnhealthyThresholdCount=5,
        Matcher={"HttpCode": "200"},
    )["TargetGroups"][0]["TargetGroupArn"]
    elb.modify_target_group_attributes(
        TargetGroupArn=group,
        Attributes=[{"Key": "deregistration_delay.timeout_seconds", "Value": str(DELAY)}],
    )
    certificate = cloud.client("acm").request_certificate(
        DomainName="shop.test", ValidationMethod="DNS"
    )["CertificateArn"]
    listener = elb.create_listener(
        LoadBalancerArn=balancer["LoadBalancerArn"],
        Port=443,
        Protocol="HTTPS",
        SslPolicy="ELBSecurityPolicy-TLS13-1-2-2021-06",
        Certificates=[{"CertificateArn": certificate}],
        DefaultActions=[
            {
                "Type": "fixed-response",
                "FixedResponseConfig": {
                    "StatusCode": "404",
                    "ContentType": "text/plain",
                    "MessageBody": "Not found",
                },
            }
        ],
    )["Listeners"][0]["ListenerArn"]
    elb.create_listener(
        LoadBalancerArn=balancer["LoadBalancerArn"],
        Port=80,
        Protocol="HTTP",
        DefaultActions=[
            {
                "Type": "redirect",
                "RedirectConfig": {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"},
            }
        ],
    )
    elb.create_rule(
        ListenerArn=listener,
        Priority=1000,
        Conditions=[{"Field": "host-header", "HostHeaderConfig": {"Values": ["shop.test"]}}],
        Actions=[{"Type": "forward", "TargetGroupArn": group}],
    )
    made = Door(cloud, balancer["LoadBalancerArn"], listener, group, apps)
    for zone in (0, 1):
        target = cloud.instance(f"web{zone}", apps, zone=zone, UserData=USER_DATA)
        made.targets.append(target)
        made.register(target)
    dns = cloud.client("route53")
    zone_id = dns.create_hosted_zone(Name="shop.test", CallerReference="1")["HostedZone"]["Id"]
    alias = {
        "HostedZoneId": "Z1",
        "DNSName": balancer["DNSName"],
        "EvaluateTargetHealth": False,
    }
    record = {"Name": "shop.test", "Type": "A", "AliasTarget": alias}
    dns.change_resource_record_sets(
        HostedZoneId=zone_id,
        ChangeBatch={"Changes": [{"Action": "CREATE", "ResourceRecordSet": record}]},
    )
    return made


class Load:
    """Steady requests from a few clients; what went wrong is kept."""

    def __init__(self, door: Door) -> None:
        self._address, self._authority = door.address, door.authority
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=self._run) for _ in range(3)]
        self.answered = 0
        self.failed: list[str] = []

    def __enter__(self) -> "Load":
        for thread in self._threads:
            thread.start()
        eventually(lambda: self.answered > 20)
        return self

    def __exit__(self, *problem: object) -> None:
        before = self.answered
        eventually(lambda: self.answered > before + 20)
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def _run(self) -> None:
        context = ssl.create_default_context(cafile=self._authority)
        connection: HTTPConnection | None = None
        while not self._stopping.is_set():
            try:
                connection = connection or self._connect(context)
                connection.request("GET", "/load", headers={"Host": "shop.test"})
                answer = connection.getresponse()
                answer.read()
                if answer.status == 200:
                    self.answered += 1
                else:
                    self.failed.append(f"{time.time():.2f} {answer.status}")
                if connection.sock is None:
                    # The answer said that it was the last one.
                    connection = None
            except OSError as error:
                self.failed.append(f"{time.time():.2f} {error!r}")
                connection = None
            time.sleep(0.02)

    def _connect(self, context: ssl.SSLContext) -> HTTPConnection:
        connection = HTTPConnection("shop.test")
        plain = socket.create_connection((self._address, 443), timeout=60)
        connection.sock = context.wrap_socket(plain, server_hostname="shop.test")
        return connection


def test_what_a_rule_names_is_forwarded_with_the_clients_address(door: Door) -> None:
    said = door.get("/a?b=1")
    assert said["path"] == "/a?b=1"
    assert said["headers"]["x-forwarded-for"] == OUTSIDE
    assert said["headers"]["x-forwarded-proto"] == "https"
    assert said["headers"]["x-forwarded-port"] == "443"


def test_a_forged_address_stays_before_the_real_one(door: Door) -> None:
    said = door.get("/", **{"X-Forwarded-For": "6.6.6.6"})
    assert said["headers"]["x-forwarded-for"] == f"6.6.6.6, {OUTSIDE}"


def test_both_targets_get_their_share(door: Door) -> None:
    door.all_healthy()
    eventually(lambda: len({door.get("/")["host"] for _ in range(8)}) == 2)


def test_http2_is_spoken_and_old_tls_is_not(door: Door) -> None:
    version = ("-o", "/dev/null", "-w", "%{http_version}")
    assert door.curl("https://shop.test/", "--http2", *version) == "2"
    assert "alert" in door.curl("https://shop.test/", "--tls-max", "1.1").lower()


def test_without_tls_a_browser_is_sent_to_where_there_is_some(door: Door) -> None:
    said = door.curl("http://shop.test/p/q?r=s", "-i")
    assert said.startswith("HTTP/1.1 301")
    assert "location: https://shop.test/p/q?r=s\r\n".strip() in said


def test_what_no_rule_knows_gets_the_default_answer(door: Door) -> None:
    said = door.curl("https://shop.test/", "-H", "Host: other.test", "-w", " %{http_code}")
    assert said == "Not found 404"


def test_a_websocket_passes(door: Door) -> None:
    context = ssl.create_default_context(cafile=door.authority)
    plain = socket.create_connection((door.address, 443), timeout=60)
    with context.wrap_socket(plain, server_hostname="shop.test") as connection:
        connection.sendall(
            b"GET /ws HTTP/1.1\r\nHost: shop.test\r\nConnection: Upgrade\r\n"
            b"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        assert connection.recv(1000).startswith(b"HTTP/1.1 101")
        connection.sendall(b"hello\n")
        assert connection.recv(1000) == b"hello\n"


def test_a_record_that_is_an_alias_leads_there_from_inside_too(door: Door) -> None:
    assert json.loads(door.cloud.says("curl -s https://shop.test/inside"))["path"] == "/inside"


def test_targets_are_reached_from_nowhere_but_the_load_balancer(door: Door) -> None:
    private = door.cloud.described(door.targets[0])["PrivateIpAddress"]
    knock = f"timeout 3 bash -c '</dev/tcp/{private}/{PORT}'; echo $?"
    assert door.cloud.says(knock) == "124"


def test_changed_rules_are_in_force_and_nobody_notices_the_change(door: Door) -> None:
    with Load(door) as load:
        for number in range(3):
            arn = door.rule(10 + number, f"/fixed{number}", f"answer {number}")
            url = f"https://shop.test/fixed{number}"
            eventually(lambda url=url, n=number: door.curl(url) == f"answer {n}")
            door.cloud.client("elbv2").delete_rule(RuleArn=arn)
    assert load.failed == [], door.proxy_said()


def test_a_target_leaves_and_returns_and_nobody_notices(door: Door) -> None:
    target = door.targets[0]
    door.all_healthy()
    with Load(door) as load:
        door.deregister(target)
        eventually(lambda: door.health(target) == {target: "unused"})
        # What is ill cannot be found well by the time that this asks.
        door.cloud.says("sudo systemctl restart target && touch /tmp/ill", target)
        door.register(target)
        assert door.health(target)[target] in ("initial", "unhealthy")
        door.cloud.says("rm /tmp/ill", target)
        door.all_healthy()
    assert load.failed == [], door.proxy_said()


@contextmanager
def two_under_way(door: Door) -> Iterator[list[str]]:
    """Two requests of ten seconds each; which hosts have answered them is known at the end."""
    answers: list[str] = []
    slow = [
        threading.Thread(target=lambda: answers.append(door.get("/?wait=10")["host"]))
        for _ in range(2)
    ]
    for thread in slow:
        thread.start()
    try:
        yield answers
    finally:
        for thread in slow:
            thread.join()


def test_what_is_under_way_is_finished_before_a_target_is_let_go(door: Door) -> None:
    door.all_healthy()
    proxy = Runtime(door.cloud.container("lb-front-*"))
    with two_under_way(door) as answers:
        eventually(lambda: [o.sessions for o in proxy.servers().values() if o.sessions] == [1, 1])
        door.deregister(door.targets[0])
        assert door.health(door.targets[0]) == {door.targets[0]: "draining"}
    assert len(set(answers)) == 2
    door.register(door.targets[0])
    door.all_healthy()


def test_an_ill_target_gets_no_requests_until_it_is_well(door: Door) -> None:
    target = door.targets[1]
    door.cloud.says("touch /tmp/ill", target)
    eventually(lambda: door.health()[target] == "unhealthy")
    eventually(lambda: "[503]" in door.reason(target))
    assert len({door.get("/")["host"] for _ in range(6)}) == 1
    door.cloud.says("rm /tmp/ill", target)
    door.all_healthy()
    eventually(lambda: len({door.get("/")["host"] for _ in range(4)}) == 2)


def test_a_stopped_machine_is_unused_and_is_served_again_after_its_return(door: Door) -> None:
    target = door.targets[1]
    ec2 = door.cloud.client("ec2")
    ec2.stop_instances(InstanceIds=[target])
    eventually(lambda: door.health()[target] == "unused")
    door.cloud.in_state(target, "stopped")
    with Load(door) as load:
        ec2.start_instances(InstanceIds=[target])
        door.all_healthy()
    assert load.failed == [], door.proxy_said()


def test_an_added_machine_is_asked_only_once_it_is_well(door: Door) -> None:
    with Load(door) as load:
        added = door.cloud.instance("web2", door.app_group, UserData=USER_DATA)
        door.register(added)
        assert door.health(added) == {added: "initial"}
        door.all_healthy()
    assert load.failed == [], door.proxy_said()


def test_requests_are_answered_while_the_control_plane_is_killed_and_back(door: Door) -> None:
    before = door.cloud.keepers()
    with Load(door) as load:
        door.cloud.stop(signal.SIGKILL)
        time.sleep(2)
        door.cloud.start()
        door.all_healthy()
    assert load.failed == [], door.proxy_said()
    assert door.cloud.keepers() == before


def test_a_crashed_proxy_comes_back_with_its_targets(door: Door) -> None:
    door.cloud.container("lb-front-*").run("pkill", "-9", "haproxy")
    eventually(lambda: '"host"' in door.curl("https://shop.test/"))
    door.all_healthy()


def test_an_internal_load_balancer_has_no_public_address(door: Door) -> None:
    door.cloud.client("elbv2").create_load_balancer(
        Name="inside", Subnets=door.cloud.subnets, Scheme="internal"
    )

    def address() -> str:
        said = {one["name"]: one["address"] for one in door.cloud.status("load_balancer")}
        return said.get("inside", "")

    eventually(address)
    assert address().startswith("10.77.")


def test_a_target_that_leaves_while_the_rules_change_is_let_go(door: Door) -> None:
    door.all_healthy()
    target = door.targets[0]
    proxy = Runtime(door.cloud.container("lb-front-*"))
    with two_under_way(door) as answers:
        eventually(lambda: sum(o.sessions for o in proxy.servers().values()) == 2)
        door.deregister(target)
        eventually(lambda: any(not o.up for o in proxy.servers().values()))
        arn = door.rule(20, "/while-it-leaves", "answer")
        eventually(lambda: door.health(target) == {target: "unused"})
    assert len(answers) == 2
    door.cloud.client("elbv2").delete_rule(RuleArn=arn)
    door.register(target)
    door.all_healthy()
