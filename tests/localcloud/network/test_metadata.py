import json

import pytest

from localcloud.network.metadata import LONGEST_TTL, TOKEN_PATH, Answer, Facts, Metadata

ME, OTHER = "10.0.0.5", "10.0.0.6"
TTL = {"x-aws-ec2-metadata-token-ttl-seconds": "60"}


def facts(*, token_required: bool = True, enabled: bool = True) -> Facts:
    return Facts(
        enabled=enabled,
        token_required=token_required,
        values={
            "meta-data/instance-id": "i-1",
            "meta-data/placement/region": "eu-west-1",
            "dynamic/instance-identity/document": "{}",
        },
        credentials={"app": lambda: {"AccessKeyId": "ASIA1"}},
    )


def service(given: Facts | None = None) -> Metadata:
    known = {ME: given or facts(), OTHER: facts()}
    return Metadata(known.get)


def token(of: Metadata, client: str = ME) -> dict[str, str]:
    answer = of.answer("PUT", TOKEN_PATH, TTL, client)
    assert answer.status == 200
    return {"x-aws-ec2-metadata-token": answer.body.decode()}


def get(of: Metadata, path: str, client: str = ME) -> Answer:
    return of.answer("GET", path, token(of, client), client)


def test_a_machine_learns_who_it_is() -> None:
    assert get(service(), "/latest/meta-data/instance-id") == Answer(200, b"i-1")


def test_without_a_token_nothing_is_told_where_one_is_required() -> None:
    assert service().answer("GET", "/latest/meta-data/instance-id", {}, ME).status == 401


def test_without_a_token_the_first_version_answers_where_it_is_allowed() -> None:
    of = service(facts(token_required=False))
    assert of.answer("GET", "/latest/meta-data/instance-id", {}, ME).status == 200


def test_a_token_of_another_machine_is_refused() -> None:
    of = service()
    assert of.answer("GET", "/latest/meta-data/", token(of, OTHER), ME).status == 401


def test_an_invented_token_is_refused() -> None:
    wrong = {"x-aws-ec2-metadata-token": "99999999999-abc"}
    assert service().answer("GET", "/latest/meta-data/", wrong, ME).status == 401


def test_a_token_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    of = service()
    held = token(of)
    monkeypatch.setattr("time.time", lambda: 4e9)
    assert of.answer("GET", "/latest/meta-data/", held, ME).status == 401


@pytest.mark.parametrize("ttl", ["0", str(LONGEST_TTL + 1), "soon", ""])
def test_a_token_for_no_time_or_too_long_is_refused(ttl: str) -> None:
    given = {"x-aws-ec2-metadata-token-ttl-seconds": ttl}
    assert service().answer("PUT", TOKEN_PATH, given, ME).status == 400


def test_no_token_is_given_through_a_proxy() -> None:
    given = {**TTL, "x-forwarded-for": "1.2.3.4"}
    assert service().answer("PUT", TOKEN_PATH, given, ME).status == 403


def test_folders_list_what_is_in_them() -> None:
    assert get(service(), "/latest/meta-data/").body == b"iam/\ninstance-id\nplacement/"
    assert get(service(), "/latest/meta-data/placement").body == b"region"
    assert get(service(), "/latest").body == b"dynamic/\nmeta-data/"


def test_the_role_is_named_and_its_credentials_are_made_when_asked_for() -> None:
    of = service()
    assert get(of, "/latest/meta-data/iam/security-credentials/").body == b"app"
    answer = get(of, "/latest/meta-data/iam/security-credentials/app")
    assert json.loads(answer.body) == {"AccessKeyId": "ASIA1"}


def test_a_stranger_and_a_machine_without_the_service_learn_nothing() -> None:
    assert service().answer("GET", "/latest/meta-data/", {}, "10.0.0.7").status == 404
    off = service(facts(enabled=False))
    assert off.answer("PUT", TOKEN_PATH, TTL, ME).status == 403


def test_what_is_not_there_is_not_found() -> None:
    assert get(service(), "/latest/meta-data/public-ipv4").status == 404
    assert get(service(), "/latest/user-data").status == 404
    assert get(service(), "/yesterday/meta-data/").status == 404
