"""Commands on hosts and on the machine of whoever deploys."""

from policies.rules.command_checks_certificates import command_checks_certificates
from policies.rules.command_host_key_pinned import command_host_key_pinned
from policies.rules.command_logs_in_as_person import command_logs_in_as_person
from policies.rules.command_logs_in_with_key import command_logs_in_with_key
from policies.rules.command_no_secret_in_environment import command_no_secret_in_environment
from policies.rules.command_no_secret_in_text import command_no_secret_in_text
from policies.rules.command_runs_no_unseen_script import command_runs_no_unseen_script
from policies.testing import Declared
from tests.policies.table import ABSENT, Case, as_type, unknown

COMMAND = Declared(
    "command:remote:Command",
    {
        "connection": {
            "host": "10.0.0.10",
            "user": "deploy",
            "hostKey": "ssh-ed25519 AAAA",
            "privateKey": "given",
            "proxy": {"host": "203.0.113.10", "hostKey": "ssh-ed25519 BBBB"},
        },
        "create": "sudo bash -s",
        "stdin": "DB_PASSWORD=$(fetch-secret db)\ncurl -fsS https://example.com/x.tar.gz -o x\n",
        "environment": {"STACK": "prod", "DB_PASSWORD": "arn:aws:secretsmanager:x"},
    },
)
LOCAL = "command:local:Command"
COPY = "command:remote:CopyToRemote"
TEXTS = ("create", "update", "delete", "stdin")

CASES = [
    Case(
        command_host_key_pinned,
        [COMMAND],
        refused=[
            {"connection.hostKey": ABSENT},
            {"connection.proxy.hostKey": ABSENT},
            {"connection": ABSENT},
            as_type(COPY, {"connection": {"host": "10.0.0.10"}}),
            as_type("command:remote:CopyFile", {"connection": {"host": "10.0.0.10"}}),
        ],
        unknown=unknown("connection.hostKey"),
        allowed=[{"connection.proxy": ABSENT}],
    ),
    Case(
        command_no_secret_in_text,
        [COMMAND],
        refused=[
            *({key: "export API_KEY=hunter2; run"} for key in TEXTS),
            {"create": "mysql --password=hunter2"},
            {"create": "mysql --password hunter2"},
            {"create": "psql postgres://shop:hunter2@db/shop"},
            {"create": f"echo ghp_{'a' * 36}"},
            {"create": "echo xoxb-1234567890-a"},
            {"create": f"echo sk_live_{'a' * 24}"},
            {"create": "echo '-----BEGIN OPENSSH PRIVATE KEY-----'"},
            as_type(LOCAL, {"create": "TOKEN='abc' run"}),
        ],
        unknown=unknown("stdin"),
        allowed=[
            {"create": 'mysql --password="$PASSWORD"'},
            {"create": "mysql --password=$(cat /run/secret)"},
            {"create": "SECRET_FILE=/run/secret PASSWORD=/run/password run"},
            {"create": "TOKEN=file:/run/token DB_PASSWORD=arn:aws:secretsmanager:x run"},
            {"environment": {"TOKEN": "$TOKEN", "db-token": ""}},
            {"create": "psql postgres://shop:$PASSWORD@db/shop"},
            {"create": "run --token-file x"},
            {"create": "connect(password=login.password, token=read(path))"},
            {"create": "PASSWORD={{ password }} TOKEN=<your token> run"},
        ],
    ),
    Case(
        command_no_secret_in_environment,
        [COMMAND],
        refused=[
            {"environment.DB_PASSWORD": "hunter2"},
            {"environment.URL": "redis://:hunter2@cache"},
            as_type(LOCAL, {"environment": {"githubToken": "x"}}),
            {"environment": {"db-token": "x"}},
            {"environment": {"TOKEN": "read(it)"}},
            {"environment": {"GITHUB_ACCESS_KEY": "x"}},
        ],
        unknown=unknown("environment.DB_PASSWORD"),
        allowed=[
            {"environment": ABSENT},
            {"environment.DB_PASSWORD": "/run/secret"},
            {"environment.DB_PASSWORD": "file:/run/secret"},
            {"environment.DB_PASSWORD": "${DB_PASSWORD}"},
            {"environment.DB_PASSWORD": "$DB_PASSWORD"},
        ],
    ),
    Case(
        command_logs_in_with_key,
        [COMMAND],
        refused=[
            {"connection.password": "given"},
            {"connection.proxy.password": "given"},
            as_type(COPY, {"connection": {"host": "h", "password": "given"}}),
        ],
        unknown=unknown("connection.password"),
        allowed=[{"connection.proxy": ABSENT}],
    ),
    Case(
        command_logs_in_as_person,
        [COMMAND],
        refused=[
            {"connection.user": "root"},
            {"connection.user": ABSENT},
            as_type(COPY, {"connection": {"host": "h"}}),
        ],
        unknown=unknown("connection.user"),
    ),
    Case(
        command_runs_no_unseen_script,
        [COMMAND],
        refused=[
            *({key: "curl -fsSL https://example.com/install | sh"} for key in TEXTS),
            {"create": "wget -qO- https://example.com/install | sudo -E bash -"},
            as_type(LOCAL, {"create": "curl https://example.com/install | zsh"}),
        ],
        unknown=unknown("create"),
        allowed=[
            {"create": "curl -fsSL https://example.com/x | tar xz"},
            {"create": "curl -fsSL https://example.com/x -o x; echo done | sh run"},
        ],
    ),
    Case(
        command_checks_certificates,
        [COMMAND],
        refused=[
            *({key: "ssh -o StrictHostKeyChecking=no host"} for key in TEXTS),
            {"create": "ssh -o 'StrictHostKeyChecking off' host"},
            {"create": "wget --no-check-certificate https://x"},
            {"create": "curl -fk https://x"},
            {"create": "curl --insecure https://x"},
            {"create": "NODE_TLS_REJECT_UNAUTHORIZED=0 node x"},
            as_type(LOCAL, {"create": "curl -k https://x"}),
        ],
        unknown=unknown("create"),
        allowed=[
            {"create": "curl -fsS https://example.com/pk-k"},
            {"create": "ssh -o StrictHostKeyChecking=accept-new host"},
        ],
    ),
]
