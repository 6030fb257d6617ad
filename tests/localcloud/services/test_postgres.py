import base64
import hashlib
import hmac
from dataclasses import replace

from localcloud.services.postgres import access, configuration, slot_name, verifier
from localcloud.services.server import Settings, Source

KNOWN = frozenset({"max_connections", "work_mem", "listen_addresses", "shared_preload_libraries"})
SETTINGS = Settings(identifier="main", port=5433, parameters={})
SOURCE = Source(address="10.0.0.5", port=5432, password="s3cret", slot="rds_replica")


def lines(settings: Settings) -> list[str]:
    files, _ = configuration(settings, KNOWN)
    return files["postgresql.conf"].splitlines()


def test_a_parameter_group_decides_unless_rds_does() -> None:
    asked = {"max_connections": "77", "listen_addresses": "127.0.0.1"}
    said = lines(replace(SETTINGS, parameters=asked))
    assert "max_connections = '77'" in said
    assert "listen_addresses = '*'" in said
    assert "port = '5433'" in said


def test_parameters_that_this_server_lacks_are_named_and_left_out() -> None:
    files, unknown = configuration(
        replace(SETTINGS, parameters={"db_user_namespace": "on", "rds.accepted": "1"}), KNOWN
    )
    assert unknown == ["db_user_namespace", "rds.accepted"]
    assert "db_user_namespace" not in files["postgresql.conf"]


def test_an_extensions_own_parameters_are_kept() -> None:
    said = lines(replace(SETTINGS, parameters={"pg_stat_statements.max": "9000"}))
    assert "pg_stat_statements.max = '9000'" in said


def test_a_value_with_a_quote_stays_one_value() -> None:
    said = lines(replace(SETTINGS, parameters={"work_mem": "1' \\ x"}))
    assert "work_mem = '1'' \\\\ x'" in said


def test_logical_replication_is_one_of_rds_own_switches() -> None:
    assert "wal_level = 'replica'" in lines(SETTINGS)
    asked = {"rds.logical_replication": "1"}
    assert "wal_level = 'logical'" in lines(replace(SETTINGS, parameters=asked))


def test_without_tls_nobody_comes_in_unless_a_parameter_says_so() -> None:
    files, _ = configuration(SETTINGS, KNOWN)
    assert "hostssl all all all scram-sha-256" in files["pg_hba.conf"]
    assert "host all all all scram-sha-256" in access(force_ssl=False)


def test_rds_own_superuser_never_comes_in_over_the_network() -> None:
    rules = access(force_ssl=True).splitlines()
    assert rules.index("host all rdsadmin all reject") < rules.index(
        "hostssl all all all scram-sha-256"
    )


def test_a_replica_follows_its_source_with_a_password_that_only_its_file_holds() -> None:
    files, _ = configuration(replace(SETTINGS, source=SOURCE), KNOWN)
    assert "host=10.0.0.5 port=5432" in files["postgresql.conf"]
    assert "primary_slot_name = 'rds_replica'" in files["postgresql.conf"]
    assert files["pgpass"] == "10.0.0.5:5432:*:rdsrepladmin:s3cret\n"
    assert not any("s3cret" in text for name, text in files.items() if name != "pgpass")
    assert "pg_basebackup" in files["start"]
    assert "initdb" not in files["start"]


def test_a_promoted_replica_follows_nobody() -> None:
    files, _ = configuration(SETTINGS, KNOWN)
    assert "primary_conninfo" not in files["postgresql.conf"]
    assert "pgpass" not in files


def test_the_verifier_answers_the_example_of_the_standard() -> None:
    """RFC 7677, section 3: user, pencil."""
    salt = base64.b64decode("W22ZaJ0SNY7soEsUEjb6gQ==")
    nonce = "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
    message = (
        f"n=user,r=rOprNGfwEbeRWgbNEkqO,r={nonce},s={base64.b64encode(salt).decode()},i=4096,"
        f"c=biws,r={nonce}"
    ).encode()
    stored, server = verifier("pencil", salt).rpartition("$")[2].split(":")
    signature = hmac.digest(base64.b64decode(stored), message, "sha256")
    proof = base64.b64decode("dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=")
    client_key = bytes(a ^ b for a, b in zip(proof, signature, strict=True))
    assert hashlib.sha256(client_key).digest() == base64.b64decode(stored)
    answer = hmac.digest(base64.b64decode(server), message, "sha256")
    assert base64.b64encode(answer).decode() == "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="


def test_the_same_password_has_another_verifier_each_time() -> None:
    assert verifier("pencil") != verifier("pencil")
    assert "pencil" not in verifier("pencil")


def test_a_slot_has_a_name_that_the_server_takes() -> None:
    assert slot_name("Main-Replica-1") == "rds_main_replica_1"
    assert len(slot_name("x" * 63)) <= 63
