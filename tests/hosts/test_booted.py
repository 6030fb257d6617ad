"""Every role on a truly booted Debian 13: real packages, systemd, sshd, nginx, Node, PM2, Java."""

import base64
import hashlib
import io
import json
import re
import shutil
import subprocess
import tarfile
import urllib.parse
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from hosts.script import COMMAND, render
from hosts.steps import File, Role, Step
from tests.hosts import sample
from tests.hosts.booted import Booted
from tests.hosts.machine import needs_root

pytestmark = [
    pytest.mark.e2e,
    needs_root,
    pytest.mark.skipif(shutil.which("systemd-nspawn") is None, reason="needs systemd-nspawn"),
    pytest.mark.skipif(shutil.which("npm") is None, reason="needs npm to pack PM2"),
]

HERE = Path(__file__).parent
SECRETS = {
    "arn:jwt": "signing/key+with=odd&letters-0123456789",
    "arn:db": json.dumps({"url": "postgresql://u:p%40ss@db/notebook?sslmode=require"}),
    "arn:pem": '-----BEGIN-----\nline "two" $HOME `id` \\ end\n-----END-----\n',
}
SERVER = """\
const { readFileSync, existsSync } = require('node:fs');
const version = readFileSync('VERSION', 'utf8');
if (version.includes('dies')) setTimeout(() => process.exit(1), 5000);
const server = require('node:http').createServer((request, response) => {
  if (request.url === '/health') {
    response.statusCode = existsSync('BAD') ? 500 : 200;
    return response.end(version);
  }
  if (request.url === '/facts') {
    return response.end(JSON.stringify({
      odd: process.env.ODD, secret: process.env.JWT_SECRET.length, url: process.env.DATABASE_URL,
      cert: readFileSync(process.env.CERT_PATH, 'utf8'), headers: request.headers }));
  }
  if (request.url.startsWith('/slow')) return setTimeout(() => response.end('slow'), 2000);
  if (request.url.endsWith('/port')) return response.end(String(request.socket.remotePort));
  response.setHeader('X-Frame-Options', 'ALLOWALL');
  response.setHeader('Cache-Control', 'no-store');
  let size = 0;
  request.on('data', (part) => { size += part.length; });
  request.on('end', () => setTimeout(() => response.end(`${version} ${size}\\n`), 10));
});
server.on('upgrade', (request, socket) => {
  const head = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade'];
  socket.write(`${head.join('\\r\\n')}\\r\\n\\r\\n`);
  socket.on('data', (data) => socket.write(data));
});
server.listen(Number(process.env.PORT), '0.0.0.0');
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => {
  server.close(() => process.exit(0));
  server.closeIdleConnections();
});
"""
WORKER = """\
console.log('working');
setInterval(() => {}, 1000);
process.on('SIGTERM', () => setTimeout(() => process.exit(0), 200));
"""
DYING = "setTimeout(() => process.exit(1), 5000);\n"
ASSETS = {"assets/a.js": b"1", "assets/small.css": b"a{}", "assets/large.css": b"a{}" * 1000}
# Visitors, and a load balancer that sends them elsewhere while the host reports itself unwell.
LOAD = """\
import collections, http.client, json, sys, threading, time
end, seen, lock = time.time() + float(sys.argv[1]), collections.Counter(), threading.Lock()
well, checker = threading.Event(), {'User-Agent': 'ELB-HealthChecker/2.0'}
def connect():
    return http.client.HTTPConnection('127.0.0.1', 13001, timeout=20)
def load_balancer():
    while time.time() < end + 1:
        own = connect()
        try:
            own.request('GET', '/health', headers=checker); ok = own.getresponse().status == 200
        except Exception:
            ok = False
        own.close()
        well.set() if ok else well.clear()
        time.sleep(0.2)
def client():
    own = connect()
    while time.time() < end:
        if not well.wait(0.5):
            continue
        try:
            own.request('GET', '/static/x', headers={'Host': 'api.example.com'})
            answer = own.getresponse(); answer.read(); what = str(answer.status)
        except Exception as error:
            what = type(error).__name__; own.close()
        with lock: seen[what] += 1
        time.sleep(0.02)
everybody = [threading.Thread(target=load_balancer)]
everybody += [threading.Thread(target=client) for _ in range(4)]
[each.start() for each in everybody]; [each.join() for each in everybody]
print(json.dumps(seen))
"""


def tarball(files: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), 0o644
            archive.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


def artifacts(version: str) -> dict[str, bytes]:
    server = {"dist/main.js": SERVER.encode(), "VERSION": version.encode()}
    if "bad" in version:
        server["BAD"] = b""
    parts = {
        "api": tarball(server),
        "mail": tarball(server),
        "worker": tarball({"worker.js": f"{WORKER}{DYING * ('dies' in version)}".encode()}),
        "web": tarball({"index.html": b"<h1>page</h1>", "a.js": b"2", **ASSETS}),
    }
    found: dict[str, bytes] = {}
    for part, content in parts.items():
        key = f"/opt/tiny-aws/objects/artifacts/releases/notebook/{version}/{part}.tar.gz"
        digest = hashlib.sha256(content).hexdigest()
        found |= {key: content, f"{key}.sha256": f"{digest}  {part}.tar.gz\n".encode()}
    return found


def rewritten(roles: list[Role], good: str, bad: str) -> list[Role]:
    """The same roles with another word in their files."""

    def one(step: Step) -> Step:
        if not isinstance(step, File):
            return step
        return replace(step, content=step.content.replace(good, bad))

    return [replace(role, configure=tuple(map(one, role.configure))) for role in roles]


class Host(Booted):
    configured: str
    roles: list[Role]

    def configure(self) -> str:
        return self.ok(COMMAND, render(self.roles, "host"))

    def release(self, action: str, version: str, *, fails: bool = False) -> str:
        program = f"/usr/local/lib/groundwork/release {action} notebook {version} --patience 900"
        done = self.shell(f"flock /run/groundwork.lock {program}")
        assert (done.returncode != 0) is fails, done.stdout + done.stderr
        return done.stderr if fails else done.stdout

    def curl(self, arguments: str) -> str:
        return self.ok(f"curl --silent --show-error --max-time 20 {arguments}")


API = "-H 'Host: api.example.com' http://127.0.0.1:13001"


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """Configured with every role, and serving 1.0.0."""
    packing = tmp_path_factory.mktemp("pm2")
    subprocess.run(
        ["npm", "install", "--silent", "--no-audit", "--no-fund", "pm2@7.0.4"],
        cwd=packing,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    subprocess.run(["tar", "-czf", "pm2.tar.gz", "node_modules"], cwd=packing, check=True)
    pm2 = (packing / "pm2.tar.gz").read_bytes()
    runtime = sample.pm2_runtime(sha256=hashlib.sha256(pm2).hexdigest())
    with Host(tmp_path_factory.mktemp("machine"), "hosts-test") as machine:
        machine.put(
            {
                "/opt/tiny-aws/objects/artifacts/runtimes/pm2-7.0.4.tar.gz": pm2,
                "/opt/tiny-aws/secrets.json": json.dumps(SECRETS).encode(),
                "/opt/tiny-aws/server.py": (HERE / "tiny_aws.py").read_bytes(),
                "/opt/load.py": LOAD.encode(),
                **artifacts("1.0.0"),
            }
        )
        machine.ok("systemd-run --quiet --unit=tiny-aws python3 /opt/tiny-aws/server.py")
        machine.wait_until("curl -s http://127.0.0.1:4566/latest/meta-data/instance-id", 30)
        machine.roles = sample.host(pm2=runtime)
        machine.configured = machine.configure()
        machine.release("stage", "1.0.0")
        machine.release("confirm", "1.0.0")
        yield machine


def test_a_second_run_changes_nothing(host: Host) -> None:
    assert re.search(r"^changed: packages .*\bnginx\b", host.configured, re.MULTILINE)

    assert host.configure() == ""
    assert host.ok("systemctl list-units --failed --plain --no-legend") == ""


def test_drift_of_a_real_host_is_repaired(host: Host) -> None:
    host.ok(
        "systemctl stop notebook-mail nginx; ufw allow 6379/tcp; echo >>/etc/ssh/sshd_config;"
        " sysctl -q -w net.ipv4.tcp_keepalive_time=7200; rm -r /etc/groundwork/notebook-api"
    )

    report = host.configure()

    for change in (
        "running notebook-mail.service",
        "running nginx.service",
        "firewall rules",
        "file /etc/ssh/sshd_config",
        "kernel setting net.ipv4.tcp_keepalive_time",
        "file /etc/groundwork/notebook-api/ecosystem.config.json",
    ):
        assert f"changed: {change}\n" in report
    host.release("switch", "1.0.0")
    assert host.configure() == ""


UNITS = sorted(
    Path(step.path).name
    for role in sample.host()
    for step in role.configure
    if isinstance(step, File)
    and Path(step.path).parent == Path("/etc/systemd/system")
    and step.path.endswith(".service")
)


@pytest.mark.parametrize("unit", UNITS)
def test_each_unit_of_ours_is_valid_and_confined(host: Host, unit: str) -> None:
    assert host.ok(f"systemd-analyze verify /etc/systemd/system/{unit} 2>&1") == ""

    one = unit.replace("@.", "@1.")
    rating = host.ok(f"systemd-analyze security --no-pager {one} | tail -n 1")
    assert float(rating.split(":")[1].split()[0]) <= 3.0


def test_the_confined_exchange_still_reaches_systemd(host: Host) -> None:
    def workers() -> set[str]:
        main = host.ok("systemctl show --property MainPID --value notebook-api").strip()
        return set(host.ok("pgrep -u notebook-api").split()) - {main}

    before = workers()
    assert before

    host.ok("systemctl start notebook-api-exchange.service")

    assert not before & workers()


def test_confinement_is_enforced_not_only_declared(host: Host) -> None:
    main = host.ok("systemctl show --property MainPID --value notebook-mail").strip()
    inside = f"nsenter --target {main} --mount"

    assert host.shell(f"{inside} touch /etc/x").returncode != 0
    assert host.shell(f"{inside} ls /root/.ssh /home/admin").returncode != 0
    status = host.ok(f"cat /proc/{main}/status")
    assert "CapEff:\t0000000000000000" in status
    assert "NoNewPrivs:\t1" in status
    assert "Seccomp:\t2" in status


def test_a_service_has_its_folders_to_itself(host: Host) -> None:
    kept = host.ok("stat --format='%a %U:%G' /var/www/notebook/uploads").strip()

    assert kept == "750 notebook-api:notebook-api"
    main = host.ok("systemctl show --property MainPID --value notebook-api").strip()
    inside = f"nsenter --target {main} --mount setpriv --reuid notebook-api --clear-groups"
    host.ok(f"{inside} touch /var/www/notebook/uploads/x")
    assert host.shell(f"{inside} touch /srv/notebook/current/x").returncode != 0


def test_what_the_clock_starts_is_armed_and_runs_with_the_secrets_of_its_service(
    host: Host,
) -> None:
    for timer, time in (("worker-nightly", "02:00:00 CST"), ("api-exchange", "04:0")):
        unit = f"notebook-{timer}.timer"
        following = host.ok(f"systemctl show --property NextElapseUSecRealtime --value {unit}")
        assert time in following

    host.ok("systemctl start notebook-worker-nightly.service")

    said = host.ok("journalctl --quiet --output=cat --unit notebook-worker-nightly.service")
    assert f"ran with {len(SECRETS['arn:jwt'])} letters" in said


def test_the_end_of_a_schedule_leaves_the_shared_memory_of_its_service_alone(host: Host) -> None:
    """What lies in /dev/shm: semaphores, a browser's pages, a password for a database's client."""
    schedule = "notebook-worker-nightly.service"
    user = host.ok(f"systemctl show --property User --value {schedule}").strip()
    host.ok(f"runuser -u {user} -- touch /dev/shm/kept")

    host.ok(f"systemctl start {schedule}")

    host.ok("rm /dev/shm/kept")


def test_services_get_their_variables_and_secrets_as_they_are(host: Host) -> None:
    for port in (3001, 3005):
        facts = json.loads(host.curl(f"http://127.0.0.1:{port}/facts"))
        assert facts["odd"] == sample.ODD
        assert facts["secret"] == len(SECRETS["arn:jwt"])
        assert facts["url"] == json.loads(SECRETS["arn:db"])["url"]
        assert facts["cert"] == SECRETS["arn:pem"]


def test_no_secret_is_found_on_the_host_in_any_form(host: Host) -> None:
    value = SECRETS["arn:jwt"]
    forms = {
        value,
        base64.b64encode(value.encode()).decode().rstrip("="),
        urllib.parse.quote(value, safe=""),
        json.dumps(value)[1:-1],
        value.replace("/", "\\/"),
    }
    host.put({"/dev/shm/forms": "\n".join(sorted(forms)).encode()})
    search = "grep --recursive --fixed-strings --files-with-matches --file /dev/shm/forms"

    on_disk = host.shell(
        f"{search} /etc /home /root /srv /tmp /usr/local /var --exclude-dir=packages 2>/dev/null"
    )
    assert on_disk.stdout == ""
    for listing in ("ps axwwo args", "journalctl --no-pager --all", "systemctl show '*'"):
        found = host.shell(f"{listing} | grep --fixed-strings --count --file /dev/shm/forms")
        assert found.stdout.strip() == "0", listing
    readable = host.ok("find /run/groundwork -type f -perm /077 -not -path '*/drain/*'")
    assert readable == ""
    host.ok("rm /dev/shm/forms")


def test_ssh_lets_in_listed_keys_alone(host: Host) -> None:
    effective = host.ok("sshd -T -C user=admin,host=x,addr=10.0.0.9")

    for line in (
        "passwordauthentication no",
        "permitrootlogin no",
        "kbdinteractiveauthentication no",
        "allowtcpforwarding no",
        "allowusers admin",
    ):
        assert f"{line}\n" in effective


def test_sshd_passes_a_public_audit(host: Host) -> None:
    host.ok("apt-get install -qy ssh-audit && ufw allow from 127.0.0.1 to any port 22 proto tcp")
    try:
        audited = json.loads(host.shell("ssh-audit --json 127.0.0.1").stdout)
    finally:
        host.configure()

    worst = [
        f"{kind} {each['algorithm']}: {each['notes']}"
        for kind in ("kex", "key", "enc", "mac")
        for each in audited[kind]
        if {"fail", "warn"} & set(each.get("notes", {}))
    ]
    assert worst == []


def test_the_firewall_and_fail2ban_really_run(host: Host) -> None:
    assert "Status: active" in host.ok("ufw status verbose")
    assert "deny (incoming)" in host.ok("ufw status verbose")
    assert "sshd" in host.ok("fail2ban-client status")
    assert host.ok("fail2ban-client get sshd bantime").strip() == "3600"


def test_a_host_tells_how_full_it_is(host: Host) -> None:
    """Confined as it is, and with what the role of the machine lets it do."""
    host.ok("systemctl is-active groundwork-measure.timer")
    host.ok("systemctl start groundwork-measure.service")

    told = dict(urllib.parse.parse_qsl(host.ok("cat /opt/tiny-aws/measured")))
    measured = {
        told[f"MetricData.member.{number}.MetricName"]: float(
            told[f"MetricData.member.{number}.Value"]
        )
        for number in (1, 2, 3)
    }
    assert 0 < measured["MemoryPercent"] <= 100
    assert measured["Connections"] >= 0
    used = float(host.ok("df --output=pcent /").split()[-1].rstrip("%"))
    assert abs(measured["DiskPercent"] - used) < 3


def test_the_journal_is_on_disk_within_bounds_and_knows_each_service(host: Host) -> None:
    limits = host.ok("systemd-analyze cat-config systemd/journald.conf")
    assert "\nSystemMaxUse=1G\n" in limits
    assert "\nMaxRetentionSec=30day\n" in limits
    assert "/var/log/journal" in host.ok("journalctl --header")
    said = host.ok("journalctl --unit notebook-worker --identifier notebook-worker --output cat")
    assert "working" in said


def test_what_pm2_writes_is_rotated_and_what_the_service_writes_itself_is_left_to_it(
    host: Host,
) -> None:
    logs = "/var/log/notebook-api"
    host.ok(f"echo its own | tee {logs}/error.log >>{logs}/pm2-out.log")

    host.ok("logrotate --force /etc/logrotate.d/notebook-api")

    there = host.ok(f"ls {logs}").split()
    assert "pm2-out.log.1" in there
    assert [name for name in there if name.startswith("error.log")] == ["error.log"]
    # PM2 goes on in the new file; of a cluster, each process has it open.
    main = "main=$(systemctl show --property MainPID --value notebook-api)"
    opened = f"{main}; for one in $main $(pgrep --parent $main); do ls -l /proc/$one/fd; done"
    host.wait_until(f"({opened}) | grep -q {logs}/pm2-out.log$", 20)
    host.wait_until(f"! ({opened}) | grep -q {logs}/pm2-out.log.1", 20)


def test_a_broken_configuration_is_refused_by_the_real_judges(host: Host) -> None:
    for good, bad, judge in (
        ("worker_processes auto;", "worker_processes many;", "nginx -t"),
        ("PermitRootLogin no", "PermitRootLogin perhaps", "sshd -t"),
        ("Defaults use_pty", "Defaults = use_pty", "visudo"),
        ("maxretry = 5", "[[maxretry", "fail2ban-client"),
    ):
        spoilt = host.shell(COMMAND, render(rewritten(host.roles, good, bad)))
        assert spoilt.returncode != 0
        assert "was left as it is: refused by" in spoilt.stderr
        assert judge in spoilt.stderr
    # The old files are still there; a reload that was noted before the refusal harms nobody.
    assert host.configure() in ("", "changed: services reloaded\n")
    assert host.configure() == ""


# -- nginx, as a visitor sees it ----------------------------------------------------------------


def test_headers_are_on_pages_files_errors_and_refusals_once(host: Host) -> None:
    for url in (
        f"{API}/",
        f"{API}/static/x.js",
        "http://127.0.0.1:13000/",
        "http://127.0.0.1:13000/assets/a.js",
        "http://127.0.0.1:13000/none.js",
        "http://127.0.0.1:18080/api/actuator/loggers",
    ):
        head = host.curl(f"--include {url}").partition("\r\n\r\n")[0]
        for name, value in sample.HEADERS:
            assert head.count(f"{name}: ") == 1, f"{name} of {url}"
            assert f"{name}: {value}" in head


def test_cache_headers_are_single_and_right(host: Host) -> None:
    def cache(url: str) -> list[str]:
        head = host.curl(f"--include {url}").partition("\r\n\r\n")[0]
        return [line for line in head.splitlines() if line.lower().startswith("cache-control")]

    year = ["Cache-Control: public, max-age=31536000, immutable"]
    assert cache("http://127.0.0.1:13000/assets/a.js") == year
    assert cache(f"{API}/static/x.js") == year
    assert cache("http://127.0.0.1:13000/") == ["Cache-Control: no-cache"]
    assert cache("http://127.0.0.1:13000/assets/none.js") == []


def test_a_single_page_answers_its_paths_but_not_for_missing_files(host: Host) -> None:
    code = "--output /dev/null --write-out '%{http_code}'"

    assert "page" in host.curl("http://127.0.0.1:13000/some/deep/path")
    assert host.curl(f"{code} http://127.0.0.1:13000/none.png") == "404"


def test_a_site_is_well_to_the_load_balancer_while_its_page_is_there(host: Host) -> None:
    assert host.curl("http://127.0.0.1:13000/site-health").strip() == "ok"
    assert "page" in host.curl("http://127.0.0.1:13000/")


def test_bodies_up_to_the_limit_pass_and_larger_ones_do_not(host: Host) -> None:
    host.ok("truncate -s 50M /tmp/50; truncate -s 51M /tmp/51")
    code = "--output /dev/null --write-out '%{http_code}'"

    assert host.curl(f"{code} --data-binary @/tmp/50 {API}/") == "200"
    assert host.curl(f"{code} --data-binary @/tmp/51 {API}/") == "413"
    assert host.curl(f"{code} --data-binary @/tmp/50 {API}/static/x") == "413"


def test_a_burst_is_answered_429_and_normal_traffic_never(host: Host) -> None:
    urls = f"--parallel --parallel-max 9 --output /dev/null -w '%{{http_code}}\\n' '{API}/?[1-60]'"
    burst = host.curl(urls.replace(f"'{API}", API.replace(" http", " 'http"))).split()

    assert burst.count("429") > 10
    assert burst.count("200") >= 20
    host.ok("sleep 3")
    for _ in range(5):
        assert host.curl(f"--output /dev/null -w '%{{http_code}}' {API}/") == "200"


def test_whoever_tries_passwords_is_soon_answered_429_and_may_go_on_elsewhere(host: Host) -> None:
    def statuses(*paths: str) -> list[str]:
        urls = " ".join(API.replace(" http", " 'http") + f"{path}'" for path in paths)
        words = "--parallel --output /dev/null -w '%{http_code}\\n'"
        # Of each address what is said is thrown away.
        words += " --output /dev/null" * (len(paths) - 1)
        return sorted(host.curl(f"{words} {urls}").split())

    # However the path is written.
    assert statuses("/auth/login?[1-3]", "/auth//login?[1-3]") == ["200"] * 4 + ["429"] * 2
    assert statuses("/?[1-3]") == ["200"] * 3


def test_a_client_has_so_many_connections_at_once_and_no_more(host: Host) -> None:
    urls = API.replace(" http", " 'http") + "/slow?[1-14]'"
    words = "--parallel --parallel-immediate --output /dev/null -w '%{http_code}\\n'"

    assert sorted(host.curl(f"{words} {urls}").split()) == ["200"] * 10 + ["429"] * 4


def test_answers_are_compressed_where_it_pays(host: Host) -> None:
    def encoding(file: str) -> str:
        words = "-H 'Accept-Encoding: gzip' --output /dev/null -w '%header{content-encoding}'"
        return host.curl(f"{words} http://127.0.0.1:13000/assets/{file}").strip()

    assert encoding("large.css") == "gzip"
    assert encoding("small.css") == ""


def test_connections_to_a_service_are_used_again(host: Host) -> None:
    def ports(path: str) -> set[str]:
        one = f"curl -s {API}{path}"
        return set(host.ok(f"for n in $(seq 10); do {one}; echo; done").split())

    # Each worker of nginx keeps its own.
    workers = int(host.ok("pgrep --count --full 'nginx: worker process$'"))
    assert len(ports("/port")) <= workers
    assert len(ports("/ws?/port")) <= workers


def test_the_clock_is_in_the_zone_of_the_stack(host: Host) -> None:
    assert host.ok("date +%Z%z").strip() == "CST+0800"


def test_a_forged_client_address_changes_nothing(host: Host) -> None:
    forged = "-H 'X-Forwarded-For: 6.6.6.6, 203.0.113.7, 10.0.0.5' -H 'X-Real-IP: 6.6.6.6'"
    headers = json.loads(host.curl(f"{forged} {API}/facts"))["headers"]

    # 10.0.0.5 is a load balancer; left of it stands what it saw, and then what the client said.
    assert headers["x-forwarded-for"] == headers["x-real-ip"] == "203.0.113.7"


def test_websockets_pass_where_they_may(host: Host) -> None:
    upgrade = (
        "--include --http1.1 --max-time 3 -H 'Connection: Upgrade' -H 'Upgrade: websocket'"
        " -H 'Sec-WebSocket-Version: 13' -H 'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=='"
    )

    assert "101 Switching" in host.shell(f"curl -s {upgrade} {API}/ws").stdout
    assert "101 Switching" not in host.shell(f"curl -s {upgrade} {API}/other").stdout


def test_a_request_has_one_id_from_nginx_to_service_and_log(host: Host) -> None:
    asked = json.loads(host.curl(f"{API}/facts"))["headers"]["x-request-id"]

    # nginx writes it down when it has answered.
    host.wait_until(f"grep -q {asked} /var/log/nginx/access.log", 10)
    one = json.loads(host.ok(f"grep {asked} /var/log/nginx/access.log"))
    assert (one["uri"], one["status"], one["host"]) == ("/facts", 200, "api.example.com")


def test_management_paths_and_unknown_names_are_closed(host: Host) -> None:
    code = "--output /dev/null --write-out '%{http_code}'"

    assert host.curl(f"{code} http://127.0.0.1:18080/nginx-health") == "200"
    # This application has no release; the one below is closed all the same once it has.
    host.ok("mkdir -p /srv/ledger/releases/1/api && ln -sfn releases/1 /srv/ledger/current")
    assert host.curl(f"{code} http://127.0.0.1:18080/api/actuator/loggers") == "403"
    assert host.curl(f"{code} -H 'Host: other' http://127.0.0.1:13001/") == "404"
    assert host.curl(f"{code} http://127.0.0.1:13001/health") == "200"
    host.ok("rm /srv/ledger/current")
    assert host.curl(f"{code} http://127.0.0.1:18080/api/") == "503"


# -- releases under load ------------------------------------------------------------------------


def under_load(host: Host, seconds: int, work: str) -> str:
    """What visitors saw while the work was done."""
    done = host.ok(
        f"python3 /opt/load.py {seconds} >/tmp/seen & sleep 1; {work}; wait; cat /tmp/seen"
    )
    return done.splitlines()[-1]


RELEASE = "flock /run/groundwork.lock /usr/local/lib/groundwork/release"


def test_nobody_notices_a_good_release(host: Host) -> None:
    host.put(artifacts("1.1.0"))
    host.release("stage", "1.1.0")

    seen = under_load(host, 25, f"{RELEASE} confirm notebook 1.1.0")

    assert set(json.loads(seen)) == {"200"}, seen
    assert host.curl("http://127.0.0.1:3001/health") == "1.1.0"
    assert host.curl("http://127.0.0.1:3005/health") == "1.1.0"


def test_nobody_notices_a_changed_variable(host: Host) -> None:
    before = host.roles
    host.roles = rewritten(before, "NODE_ENV", "NODE_MODE")
    try:
        assert "ecosystem.config.json" in host.configure()
        assert host.configure() == ""
        seen = under_load(host, 25, f"{RELEASE} switch notebook 1.1.0")
        assert set(json.loads(seen)) == {"200"}, seen
        assert host.ok("find /var/lib/groundwork/owed/*/notebook -type f") == ""
    finally:
        host.roles = before


def test_nobody_notices_a_rotated_key_and_every_service_has_it(host: Host) -> None:
    before, new = host.roles, {**SECRETS, "arn:jwt": "the key of another generation"}

    def keys() -> set[int]:
        return {
            json.loads(host.curl(f"http://127.0.0.1:{port}/facts"))["secret"]
            for port in (3001, 3005)
            for _ in range(4)  # of the processes of PM2, one answers and then another
        }

    host.put({"/opt/tiny-aws/secrets.json": json.dumps(new).encode()})
    host.roles = rewritten(before, '"arn:jwt"', '"arn:jwt",\n      "generation": "2, accepts 1"')
    try:
        report = host.configure()
        for service in ("api", "mail", "worker"):
            assert f"changed: file /etc/groundwork/notebook-{service}/secrets.json\n" in report
        # Told, and not yet started anew: that is the release's to do.
        assert keys() == {len(SECRETS["arn:jwt"])}
        seen = under_load(host, 25, f"{RELEASE} switch notebook 1.1.0")
        assert set(json.loads(seen)) == {"200"}, seen
        assert keys() == {len(new["arn:jwt"])}
        assert host.ok("find /var/lib/groundwork/owed/*/notebook -type f") == ""
        assert host.configure() == ""
    finally:
        host.roles = before
        host.put({"/opt/tiny-aws/secrets.json": json.dumps(SECRETS).encode()})


def test_nobody_notices_a_service_and_a_schedule_that_are_taken_away(host: Host) -> None:
    before = host.roles
    gone = ("notebook-mail", "notebook-worker-nightly")
    host.roles = [
        replace(
            role,
            configure=tuple(
                replace(step, content=without_mail(step.content))
                if isinstance(step, File) and step.path.endswith("/releases/notebook.json")
                else step
                for step in role.configure
            ),
        )
        for role in before
        if role.name not in gone
    ]

    def files() -> str:
        return host.ok(f"ls -d /etc/systemd/system/* {PLACES} | grep -E '{'|'.join(gone)}' || true")

    assert "notebook-mail" in files()
    try:
        host.configure()
        assert "nightly" not in files()
        assert "nightly" not in host.ok("systemctl list-timers --all")
        # It serves until a release takes the host out of rotation.
        assert host.curl("http://127.0.0.1:3005/health") == "1.1.0"
        seen = under_load(host, 15, f"{RELEASE} switch notebook 1.1.0")
        assert set(json.loads(seen)) == {"200"}, seen
        assert host.shell("curl -s http://127.0.0.1:3005/health").returncode != 0
        assert files() == ""
        assert host.ok("systemctl list-units --failed --plain --no-legend") == ""
        assert host.configure() == ""
    finally:
        host.roles = before
        host.configure()
        host.release("switch", "1.1.0")
    assert host.curl("http://127.0.0.1:3005/health") == "1.1.0"


PLACES = "/etc/groundwork/* /run/groundwork/*"


def without_mail(told: str) -> str:
    facts = json.loads(told)
    facts["services"] = [one for one in facts["services"] if one["name"] != "mail"]
    return json.dumps(facts)


def test_a_bad_release_leaves_the_old_one_serving(host: Host) -> None:
    host.put(artifacts("1.2.0-bad"))
    host.release("stage", "1.2.0-bad")

    why = host.release("switch", "1.2.0-bad", fails=True)

    assert "1.1.0 serves here as before" in why
    assert host.curl("http://127.0.0.1:3001/health") == "1.1.0"
    assert host.curl("http://127.0.0.1:3005/health") == "1.1.0"


@pytest.mark.parametrize("unit", ["notebook-worker", "notebook-api"])
def test_a_worker_that_dies_after_some_seconds_is_no_good_release(host: Host, unit: str) -> None:
    """The second is PM2's, which would start it again and again and look well itself."""
    facts = "/etc/groundwork/releases/notebook.json"
    version = f"1.2.{1 + unit.endswith('api')}-dies"
    before = host.ok("basename $(readlink /srv/notebook/current)").strip()
    host.put(artifacts(version))
    host.release("stage", version)
    told = json.loads(host.ok(f"cat {facts}"))
    (watched,) = (one for one in told["services"] if one["unit"] == f"{unit}.service")
    told["services"] = [{**watched, "health": None}]
    host.put({facts: json.dumps(told).encode()})
    try:
        why = host.release("switch", version, fails=True)
    finally:
        host.configure()

    assert f"{unit}.service does not keep running for 10 s" in why
    assert f"{before} serves here as before" in why
    host.ok(f"systemctl is-active {unit}")
    host.wait_until(f'test "$(curl -s http://127.0.0.1:3001/health)" = {before}', 30)


def test_an_unconfirmed_release_goes_back_by_itself(host: Host) -> None:
    host.put(artifacts("1.3.0"))
    host.release("stage", "1.3.0")
    host.ok(f"{RELEASE} switch notebook 1.3.0 --patience 5")
    assert host.curl("http://127.0.0.1:3005/health") == "1.3.0"

    host.wait_until("test $(readlink /srv/notebook/current) = releases/1.1.0", 60)
    host.wait_until('test "$(curl -s http://127.0.0.1:3005/health)" = 1.1.0', 60)


PAUSED = "test -e /var/lib/groundwork/paused/notebook"
CODE = "--output /dev/null --write-out '%{http_code}'"


def test_while_paused_nothing_runs_and_visitors_are_told_when_to_come_again(host: Host) -> None:
    host.configure()
    host.ok(f"{RELEASE} confirm notebook 1.1.0")
    host.ok(f"{RELEASE} pause notebook")
    # Neither whoever starts a unit nor a run of the configuration brings anything back.
    host.ok("systemctl start notebook-api notebook-worker notebook-worker-nightly.timer")
    host.configure()
    assert host.configure() == ""
    for unit in ("api", "mail", "worker"):
        assert host.shell(f"systemctl is-active notebook-{unit}").stdout == "inactive\n"
    for timer in ("api-exchange", "worker-nightly"):
        assert host.shell(f"systemctl is-active notebook-{timer}.timer").stdout == "inactive\n"
    answer = host.curl(f"--include {API}/")
    assert answer.startswith("HTTP/1.1 503")
    assert "Retry-After: 60" in answer
    assert "X-Frame-Options" in answer
    assert host.curl(f"{CODE} http://127.0.0.1:13000/") == "503"
    assert host.curl(f"{CODE} {API}/health") == "503"
    for address in (f"{API}/health", "http://127.0.0.1:13000/site-health"):
        assert host.curl(f"{CODE} -A ELB-HealthChecker/2.0 {address}") == "200"

    host.ok(f"{RELEASE} start notebook")
    assert host.curl("http://127.0.0.1:3005/health") == "1.1.0"
    assert host.shell("systemctl is-active notebook-worker").stdout == "inactive\n"
    assert host.curl(f"{CODE} {API}/") == "503"

    host.ok(f"{RELEASE} resume notebook")
    assert host.curl(f"{CODE} {API}/") == "200"
    for unit in ("worker.service", "api-exchange.timer", "worker-nightly.timer"):
        host.ok(f"systemctl is-active notebook-{unit}")
    assert host.shell("systemctl is-active groundwork-resume-notebook.timer").returncode != 0
    assert host.configure() == ""


def test_a_pause_that_nobody_ends_ends_by_itself(host: Host) -> None:
    timer = "groundwork-resume-notebook.timer"
    sooner = f"/run/systemd/system/{timer}.d/soon.conf"
    host.put({sooner: b"[Timer]\nOnActiveSec=\nOnActiveSec=5s\n"})
    host.ok("systemctl daemon-reload")
    try:
        host.ok(f"{RELEASE} pause notebook")
        host.ok(PAUSED)
        host.wait_until(f"! {PAUSED}", 60)
        assert host.curl(f"{CODE} {API}/") == "200"
        host.ok("systemctl is-active notebook-worker")
    finally:
        host.ok(f"rm {sooner} && systemctl daemon-reload")


def test_a_killed_process_is_back_within_its_restart_time(host: Host) -> None:
    host.ok("systemctl kill --signal=SIGKILL notebook-mail")

    host.wait_until("curl -fs http://127.0.0.1:3005/health", 30)
