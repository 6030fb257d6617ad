#!/usr/bin/python3
"""Brings a database into the shape that an application needs, from the operations instance.

    check      is everything so? (changes nothing)
    bootstrap  database, roles, rights, extensions, settings

A password goes to the server through a pipe or as a digest.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import hmac
import secrets
import sys
from pathlib import Path

from hosts.programs.database_client import (
    DatabaseRole,
    RefusedError,
    Wanted,
    backticked,
    load,
    mysql,
    mysql_text,
    name,
    psql,
    text,
)

# What each kind of role may do with the tables and sequences that the owner has or will make.
TABLE_RIGHTS = {
    "write": "SELECT, INSERT, UPDATE, DELETE",
    "read": "SELECT",
    "backup": "SELECT",
}
SEQUENCE_RIGHTS = {"write": "USAGE, SELECT, UPDATE", "read": "SELECT", "backup": "SELECT"}
# LOCK TABLES and the rest are what mysqldump asks for.
MYSQL_RIGHTS = {
    "owner": "ALL PRIVILEGES",
    "write": "SELECT, INSERT, UPDATE, DELETE, EXECUTE, CREATE TEMPORARY TABLES, LOCK TABLES",
    "read": "SELECT, SHOW VIEW",
    "backup": "SELECT, SHOW VIEW, TRIGGER, EVENT, LOCK TABLES",
}


# -- PostgreSQL -------------------------------------------------------------------------------


def scram(password: str) -> str:
    """What the server stores of a password (RFC 5803), so that it never sees the password."""
    salt, rounds = secrets.token_bytes(16), 4096
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, rounds)
    client = hmac.new(salted, b"Client Key", hashlib.sha256).digest()
    server = hmac.new(salted, b"Server Key", hashlib.sha256).digest()
    stored = hashlib.sha256(client).digest()

    def encoded(value: bytes) -> str:
        return base64.b64encode(value).decode()

    return f"SCRAM-SHA-256${rounds}:{encoded(salt)}${encoded(stored)}:{encoded(server)}"


def can_log_in(wanted: Wanted, role: DatabaseRole) -> bool:
    try:
        answer = psql(wanted, role.login, wanted.database, "SELECT current_user;")
    except RefusedError:
        return False
    return answer.strip() == role.name


def rights_sql(wanted: Wanted) -> str:
    """Everything inside the database; again and again it comes to the same."""
    owner = name(wanted.owner.name)
    database = name(wanted.database)
    lines = [
        f"REVOKE ALL ON DATABASE {database} FROM PUBLIC;",
        # Since PostgreSQL 15 only the owner of a database may create in its public schema.
        "REVOKE CREATE ON SCHEMA public FROM PUBLIC;",
    ]
    lines += [f"CREATE EXTENSION IF NOT EXISTS {name(each)};" for each in wanted.extensions]
    for role in wanted.everyone:
        lines += [
            f"ALTER ROLE {name(role.name)} IN DATABASE {database} SET {name(key)} = {text(value)};"
            for key, value in sorted(role.settings.items())
        ]
    lines.append(f"SET ROLE {owner};")
    for role in wanted.roles:
        to = name(role.name)
        tables, sequences = TABLE_RIGHTS[role.rights], SEQUENCE_RIGHTS[role.rights]
        # For the role that makes the tables: default rights are those of the maker's own.
        default = f"ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA public GRANT"
        lines += [
            f"GRANT CONNECT ON DATABASE {database} TO {to};",
            f"GRANT USAGE ON SCHEMA public TO {to};",
            f"GRANT {tables} ON ALL TABLES IN SCHEMA public TO {to};",
            f"GRANT {sequences} ON ALL SEQUENCES IN SCHEMA public TO {to};",
            f"{default} {tables} ON TABLES TO {to};",
            f"{default} {sequences} ON SEQUENCES TO {to};",
        ]
        if role.rights == "backup":
            lines += backup_sql(wanted.owner.name, role.name)
    lines.append("RESET ROLE;")
    return "\n".join(lines)


def backup_sql(owner: str, role: str) -> list[str]:
    """A dump is of all that the owner has or will have, whatever schema it is in."""
    to = name(role)
    default = f"ALTER DEFAULT PRIVILEGES FOR ROLE {name(owner)} GRANT"
    return [
        f"{default} USAGE ON SCHEMAS TO {to};",
        f"{default} SELECT ON TABLES TO {to};",
        f"{default} SELECT ON SEQUENCES TO {to};",
        "DO $$ DECLARE place name; BEGIN",
        "FOR place IN SELECT nspname FROM pg_namespace",
        f"  WHERE pg_get_userbyid(nspowner) = {text(owner)} AND nspname !~ '^pg_' LOOP",
        *(
            f"EXECUTE format('GRANT {right} %I TO %I', place, {text(role)});"
            for right in (
                "USAGE ON SCHEMA",
                "SELECT ON ALL TABLES IN SCHEMA",
                "SELECT ON ALL SEQUENCES IN SCHEMA",
            )
        ),
        "END LOOP; END $$;",
    ]


# What rights_sql could change, as one text.
SHAPE = """
SELECT 'database', datname, pg_get_userbyid(datdba), datacl::text FROM pg_database
  WHERE datname = current_database();
SELECT 'schema', nspname, nspacl::text FROM pg_namespace WHERE nspname !~ '^pg_'
  ORDER BY nspname;
SELECT 'extension', extname FROM pg_extension ORDER BY extname;
SELECT 'default', defaclrole::regrole, defaclobjtype, defaclacl::text FROM pg_default_acl
  ORDER BY 2, 3, 4;
SELECT 'relation', relname, relacl::text FROM pg_class
  WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
  ORDER BY relname;
SELECT 'setting', setrole, setconfig::text FROM pg_db_role_setting ORDER BY setrole, setconfig;
"""


def postgres_is_so(wanted: Wanted) -> bool:
    """Every role can log in, and giving all rights again, then undoing it, changes nothing."""
    if not all(can_log_in(wanted, role) for role in wanted.everyone):
        return False
    if open_in_postgres(wanted):
        return False
    mark = "---- between ----"
    trial = f"BEGIN;{SHAPE}\\echo {mark}\n{rights_sql(wanted)}\n\\echo {mark}\n{SHAPE}ROLLBACK;"
    try:
        answer = psql(wanted, wanted.administrator, wanted.database, trial)
    except RefusedError:
        return False
    before, _, after = answer.split(mark)
    return before.strip() == after.strip()


def open_in_postgres(wanted: Wanted) -> list[str]:
    """Who may log in and should not any more."""
    if not wanted.closed:
        return []
    names = ", ".join(map(text, wanted.closed))
    asked = f"SELECT rolname FROM pg_roles WHERE rolcanlogin AND rolname IN ({names});"  # noqa: S608 - quoted
    return psql(wanted, wanted.administrator, "postgres", asked).split()


def close_in_postgres(wanted: Wanted) -> None:
    """They may not come again, and whoever is there is shown out."""
    for user in open_in_postgres(wanted):
        sessions = (
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = {text(user)};"  # noqa: S608 - quoted
        )
        psql(
            wanted,
            wanted.administrator,
            "postgres",
            f"ALTER ROLE {name(user)} NOLOGIN; GRANT {name(user)} TO CURRENT_USER; {sessions}",
        )


def bootstrap_postgres(wanted: Wanted) -> None:
    administrator = wanted.administrator

    def ask(statements: str, database: str = "postgres") -> str:
        return psql(wanted, administrator, database, statements).strip()

    for role in wanted.everyone:
        exists = ask(f"SELECT 1 FROM pg_roles WHERE rolname = {text(role.name)};")  # noqa: S608 - quoted
        verb = "ALTER" if exists else "CREATE"
        if not exists or not can_log_in(wanted, role):
            ask(
                f"{verb} ROLE {name(role.name)} LOGIN NOCREATEDB NOCREATEROLE "
                f"PASSWORD {text(scram(role.login.password))};"
            )
    close_in_postgres(wanted)
    owner = name(wanted.owner.name)
    # Who hands a database over, or gives rights in another's name, must be able to become it.
    right = "SET" if int(ask("SHOW server_version_num;")) >= 160_000 else "MEMBER"
    if ask(f"SELECT pg_has_role(current_user, {text(wanted.owner.name)}, '{right}');") != "t":
        ask(f"GRANT {owner} TO CURRENT_USER;")
    database = name(wanted.database)
    handed_to = "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname"
    found = ask(f"{handed_to} = {text(wanted.database)};")
    if not found:
        ask(
            f"CREATE DATABASE {database} OWNER {owner} TEMPLATE template0 "
            f"ENCODING {text(wanted.character_set)};"
        )
    elif found != wanted.owner.name:
        ask(f"ALTER DATABASE {database} OWNER TO {owner};")
    ask(f"BEGIN;\n{rights_sql(wanted)}\nCOMMIT;", wanted.database)


# -- MySQL ------------------------------------------------------------------------------------


def account(role: DatabaseRole) -> str:
    return f"{mysql_text(role.name)}@'%'"


def mysql_grants(wanted: Wanted, role: DatabaseRole) -> str:
    # In a grant, an underscore stands for any letter unless it is escaped.
    database = backticked(wanted.database.replace("_", "\\_"))
    return f"GRANT {MYSQL_RIGHTS[role.rights]} ON {database}.* TO {account(role)};"


def mysql_is_so(wanted: Wanted) -> bool:
    try:
        for role in wanted.everyone:
            if mysql(wanted, role.login, "SELECT 1;", wanted.database).strip() != "1":
                return False
            shown = mysql(wanted, role.login, "SHOW GRANTS;").upper()
            shown = shown.replace("`", "").replace("\\", "")
            have = f"ON {wanted.database}.* TO".upper()
            line = next((each for each in shown.splitlines() if have in each), "")
            given = {each.strip() for each in line.partition(" ON ")[0][6:].split(",")}
            if given != {each.strip() for each in MYSQL_RIGHTS[role.rights].split(",")}:
                return False
    except RefusedError:
        return False
    return not open_in_mysql(wanted)


def open_in_mysql(wanted: Wanted) -> list[str]:
    """Who may log in and should not any more."""
    found: list[str] = []
    for user in wanted.closed:
        try:
            shown = mysql(wanted, wanted.administrator, f"SHOW CREATE USER {mysql_text(user)}@'%';")
        except RefusedError:
            continue  # there is none
        if "ACCOUNT LOCK" not in shown.upper():
            found.append(user)
    return found


def bootstrap_mysql(wanted: Wanted) -> None:
    statements = [
        f"CREATE DATABASE IF NOT EXISTS {backticked(wanted.database)} "
        f"CHARACTER SET {wanted.character_set};"
    ]
    for role in wanted.everyone:
        password = mysql_text(role.login.password)
        statements += [
            f"CREATE USER IF NOT EXISTS {account(role)} IDENTIFIED BY {password};",
            f"ALTER USER {account(role)} IDENTIFIED BY {password} REQUIRE SSL ACCOUNT UNLOCK;",
            f"REVOKE ALL PRIVILEGES, GRANT OPTION FROM {account(role)};",
            mysql_grants(wanted, role),
        ]
    # Who is there stays until he leaves: a master user of RDS ends no session of another.
    statements += [
        f"ALTER USER {mysql_text(user)}@'%' ACCOUNT LOCK;" for user in open_in_mysql(wanted)
    ]
    mysql(wanted, wanted.administrator, "\n".join(statements))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("action", choices=("check", "bootstrap"))
    parser.add_argument("specification", type=Path)
    given = parser.parse_args()
    try:
        wanted = load(given.specification, owner_alone=False)
        is_so, bootstrap = {
            "postgres": (postgres_is_so, bootstrap_postgres),
            "mysql": (mysql_is_so, bootstrap_mysql),
        }[wanted.engine]
        if given.action == "check":
            return 0 if is_so(wanted) else 1
        bootstrap(wanted)
    except RefusedError as why:
        print(why, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
