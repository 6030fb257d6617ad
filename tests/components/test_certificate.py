import pulumi
import pytest

from components.certificate import Certificate, CertificateArgs
from tests.recording import Engine

CERTIFICATE = "aws:acm/certificate:Certificate"
RECORD = "aws:route53/record:Record"
VALIDATION = "aws:acm/certificateValidation:CertificateValidation"
HOSTS = ("aizhao.icu", "www.aizhao.icu", "api.aizhao.icu")


def test_it_covers_every_host(engine: Engine) -> None:
    engine.build(lambda: Certificate("photo", CertificateArgs(hosts=HOSTS, zone_id="Z1")))

    certificate = engine.one(CERTIFICATE)
    assert {certificate["domainName"], *certificate["subjectAlternativeNames"]} == set(HOSTS)
    assert certificate["validationMethod"] == "DNS"


def test_each_host_is_proved_in_its_zone(engine: Engine) -> None:
    engine.build(lambda: Certificate("photo", CertificateArgs(hosts=HOSTS, zone_id="Z1")))

    assert {(r["zoneId"], r["name"]) for r in engine.of(RECORD)} == {
        ("Z1", f"_validate.{host}.") for host in HOSTS
    }


def test_whoever_uses_it_waits_until_it_is_issued(engine: Engine) -> None:
    engine.outputs[VALIDATION] = {"certificateArn": "arn:issued"}
    seen: list[str] = []
    engine.build(
        lambda: Certificate("photo", CertificateArgs(hosts=HOSTS, zone_id="Z1")).arn.apply(
            seen.append
        )
    )

    assert seen == ["arn:issued"]


def test_a_name_and_its_wildcard_share_one_proof(engine: Engine) -> None:
    hosts = ("example.com", "*.example.com")
    engine.build(lambda: Certificate("web", CertificateArgs(hosts=hosts, zone_id="Z1")))

    assert [r.name for r in engine.registered if r.typ == RECORD] == ["web-example.com"]


def test_a_record_that_another_region_asks_for_as_well_has_one_owner(engine: Engine) -> None:
    def program() -> None:
        first = Certificate("main", CertificateArgs(hosts=HOSTS[2:], zone_id="Z1"))
        Certificate("edge", CertificateArgs(hosts=HOSTS, zone_id="Z1", proved_by=first))

    engine.build(program)

    made = sorted(r.name for r in engine.registered if r.typ == RECORD)
    assert made == ["edge-aizhao.icu", "edge-www.aizhao.icu", "main-api.aizhao.icu"]
    edge = engine.named(VALIDATION, "edge")
    assert "validationRecordFqdns" not in edge.inputs
    waited = " ".join(edge.dependencies)
    assert all(f"::{name}" in waited for name in made)


def test_every_record_is_waited_for_by_name(engine: Engine) -> None:
    engine.build(lambda: Certificate("photo", CertificateArgs(hosts=HOSTS, zone_id="Z1")))

    waited = " ".join(engine.named(VALIDATION, "photo").dependencies)
    assert all(f"::photo-{host}" in waited for host in HOSTS)


def test_where_dns_is_elsewhere_a_person_learns_the_records(engine: Engine) -> None:
    seen: list[list[dict[str, str]]] = []
    engine.build(
        lambda: Certificate("photo", CertificateArgs(hosts=HOSTS, zone_id=None)).proof.apply(
            seen.append
        )
    )

    assert engine.of(RECORD) == []
    ((*records,),) = seen
    assert {record["name"] for record in records} == {f"_validate.{host}." for host in HOSTS}
    assert {record["type"] for record in records} == {"CNAME"}


@pytest.mark.parametrize(("status", "told"), [("PENDING_VALIDATION", 3), ("ISSUED", 0)])
def test_a_person_is_told_while_the_run_waits_and_not_after(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, status: str, told: int
) -> None:
    engine.outputs[CERTIFICATE] = {"status": status}
    said: list[str] = []
    monkeypatch.setattr(pulumi, "info", lambda text, resource: said.append(text))
    engine.build(lambda: Certificate("photo", CertificateArgs(hosts=HOSTS, zone_id=None)))

    assert len(said) == told
    assert all("CNAME _answer.acm-validations.aws." in text for text in said)
