from dataclasses import replace

from localcloud.services.mariadb import configuration, password_hash
from localcloud.services.server import Settings, Source

KNOWN = frozenset({"max_connections", "bind_address", "require_secure_transport"})
SETTINGS = Settings(identifier="main", port=3307, parameters={})
SOURCE = Source(address="10.0.0.5", port=3306, password="s3cret", slot="")


def lines(settings: Settings) -> list[str]:
    files, _ = configuration(settings, KNOWN)
    return files["my.cnf"].splitlines()


def test_a_parameter_group_decides_unless_rds_does() -> None:
    asked = {"max_connections": "77", "bind-address": "127.0.0.1"}
    said = lines(replace(SETTINGS, parameters=asked))
    assert "max_connections = 77" in said
    assert "bind_address = *" in said
    assert "port = 3307" in said


def test_parameters_that_only_mysql_has_are_named_and_left_out() -> None:
    files, unknown = configuration(
        replace(SETTINGS, parameters={"innodb_redo_log_capacity": "1"}), KNOWN
    )
    assert unknown == ["innodb_redo_log_capacity"]
    assert "innodb_redo_log_capacity" not in files["my.cnf"]


def test_a_value_cannot_become_a_second_line() -> None:
    said = lines(replace(SETTINGS, parameters={"max_connections": "1\nskip-grant-tables"}))
    assert "skip-grant-tables" not in said


def test_two_servers_have_different_numbers_and_one_keeps_its_own() -> None:
    number = [line for line in lines(SETTINGS) if line.startswith("server_id")]
    assert number == [line for line in lines(SETTINGS) if line.startswith("server_id")]
    other = replace(SETTINGS, identifier="reader")
    assert number != [line for line in lines(other) if line.startswith("server_id")]


def test_a_replica_takes_no_writes_and_keeps_its_sources_password_in_one_file() -> None:
    files, _ = configuration(replace(SETTINGS, source=SOURCE), KNOWN)
    assert "read_only = ON" in files["my.cnf"]
    assert "password = s3cret" in files["source.cnf"]
    assert not any("s3cret" in text for name, text in files.items() if name != "source.cnf")


def test_a_password_is_known_by_mysqls_own_hash() -> None:
    """The value that MySQL's manual gives for PASSWORD('mypass') of its native plugin."""
    assert password_hash("mypass") == "*6C8989366EAF75BB670AD8EA7A7FC1176A95CEF4"
