import json
from dataclasses import replace

import pytest

from components.alarms import (
    Alarm,
    Alarms,
    AlarmsArgs,
    AnswerLimits,
    HostLimits,
    Notices,
    NoticesArgs,
    cache_alarms,
    certificate_alarms,
    database_alarms,
    dump_alarms,
    host_alarms,
    load_balancer_alarms,
    replica_alarms,
    target_group_alarms,
)
from tests.recording import ACCOUNT, Engine

ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
BUSY = Alarm(
    namespace="AWS/RDS",
    metric="CPUUtilization",
    dimensions={"DBInstanceIdentifier": "main"},
    statistic="Average",
    above=80,
    meaning="The database is busy.",
)


def build(engine: Engine, **alarms: Alarm) -> None:
    engine.build(lambda: Alarms("main", AlarmsArgs(topic_arn="arn:topic", alarms=alarms)))


def test_a_human_hears_of_trouble_and_of_its_end(engine: Engine) -> None:
    build(engine, busy=BUSY)

    alarm = engine.one(ALARM)
    assert alarm["alarmActions"] == alarm["okActions"] == ["arn:topic"]
    assert alarm["alarmDescription"] == "The database is busy."


def test_it_is_raised_beyond_its_limit_and_not_at_it(engine: Engine) -> None:
    build(engine, busy=BUSY, full=replace(BUSY, above=None, below=10))

    operators = {
        resource.name: (resource.inputs["comparisonOperator"], resource.inputs["threshold"])
        for resource in engine.registered
        if resource.typ == ALARM
    }
    assert operators == {
        "main-busy": ("GreaterThanThreshold", 80),
        "main-full": ("LessThanThreshold", 10),
    }


def test_a_dump_that_nobody_has_heard_of_for_26_hours_is_an_alarm(engine: Engine) -> None:
    build(engine, **dump_alarms("prod", "shop-main", drills=True))

    alarms = {one.name: one.inputs for one in engine.registered if one.typ == ALARM}
    missing = alarms["main-dump-missing"]
    assert (missing["comparisonOperator"], missing["threshold"]) == ("GreaterThanThreshold", 26)
    assert (missing["metricName"], missing["statistic"]) == ("HoursWithoutDump", "Maximum")
    assert missing["dimensions"] == {"Stack": "prod", "Database": "shop-main"}
    assert alarms["main-dump-failed"]["treatMissingData"] == "notBreaching"
    assert alarms["main-drill-failed"]["metricName"] == "DrillFailed"


def test_a_new_stack_is_quiet_until_its_first_dump_is_due_and_not_when_measuring_stops(
    engine: Engine,
) -> None:
    build(engine, **dump_alarms("prod", "shop-main", drills=False), busy=BUSY)

    alarms = {one.name: one.inputs for one in engine.registered if one.typ == ALARM}
    missing = alarms["main-dump-missing"]
    # Nothing measured leaves a new alarm where it begins, which is no change; later it is one.
    assert missing["treatMissingData"] == "missing"
    assert missing["insufficientDataActions"] == ["arn:topic"]
    assert "insufficientDataActions" not in alarms["main-busy"]


@pytest.mark.parametrize("limits", [(None, None), (1.0, 2.0)])
def test_an_alarm_has_one_limit(engine: Engine, limits: tuple[float | None, float | None]) -> None:
    above, below = limits
    with pytest.raises(ValueError, match="busy: give it one limit"):
        build(engine, busy=replace(BUSY, above=above, below=below))


def test_the_slowest_are_measured_by_percentile(engine: Engine) -> None:
    build(engine, slow=replace(BUSY, statistic="p95"))

    alarm = engine.one(ALARM)
    assert alarm["extendedStatistic"] == "p95"
    assert "statistic" not in alarm


def test_no_measure_means_no_alarm(engine: Engine) -> None:
    build(engine)

    assert engine.of(ALARM) == []


def test_a_stopped_replica_is_trouble_too() -> None:
    assert replica_alarms("main-replica")["lag"].silence == "breaching"


def test_errors_are_told_by_their_share_of_all_answers(engine: Engine) -> None:
    limits = AnswerLimits(error_percent=1)
    build(engine, **target_group_alarms("targetgroup/api/1", "app/main/1", limits=limits))

    alarm = {one.name: one.inputs for one in engine.registered}["main-error-rate"]
    part, whole, share = alarm["metricQueries"]
    assert part["metric"]["metricName"] == "HTTPCode_Target_5XX_Count"
    assert whole["metric"]["metricName"] == "RequestCount"
    for query in (part, whole):
        assert query["metric"]["dimensions"]["TargetGroup"] == "targetgroup/api/1"
        assert "returnData" not in query
    # A minute without errors has no figure of them.
    assert share["expression"] == "100 * FILL(part, 0) / whole"
    assert share["returnData"] is True
    assert alarm["threshold"] == 1
    assert not {"namespace", "metricName", "period", "statistic"} & set(alarm)


def test_what_is_slow_and_what_is_an_incident_are_two_alarms() -> None:
    def limits(stuck: float | None) -> dict[str, Alarm]:
        told = AnswerLimits(slow_seconds=0.5, stuck_seconds=stuck)
        return target_group_alarms("targetgroup/api/1", "app/main/1", limits=told)

    assert (limits(5)["slow"].above, limits(5)["stuck"].above) == (0.5, 5)
    assert "stuck" not in limits(None)


def test_a_certificate_that_is_not_renewed_is_told_a_month_before_its_end(engine: Engine) -> None:
    build(engine, **certificate_alarms("arn:certificate"))

    alarm = engine.one(ALARM)
    assert alarm["dimensions"] == {"CertificateArn": "arn:certificate"}
    assert (alarm["comparisonOperator"], alarm["threshold"]) == ("LessThanThreshold", 30)
    assert (alarm["period"], alarm["evaluationPeriods"]) == (86_400, 1)


def test_a_full_disk_is_told_while_a_tenth_is_left() -> None:
    storage = database_alarms(
        "main", instance_class="db.t4g.medium", storage_gb=20, connections=None
    )["storage"]

    assert storage.below == 2 * 1024**3


@pytest.mark.parametrize(
    ("instance_class", "mebibytes"),
    [("db.t4g.micro", 64), ("db.t4g.small", 128), ("db.r7g.xlarge", 128), ("db.x2g.large", 128)],
)
def test_the_smallest_database_is_not_told_to_be_full_while_it_idles(
    instance_class: str, mebibytes: int
) -> None:
    alarms = database_alarms("main", instance_class=instance_class, storage_gb=20, connections=None)

    assert alarms["memory"].below == mebibytes * 1024**2


def test_connections_are_told_while_a_fifth_is_left() -> None:
    assert (
        database_alarms("main", instance_class="db.t4g.medium", storage_gb=20, connections=200)[
            "connections"
        ].above
        == 160
    )
    assert "connections" not in database_alarms(
        "main", instance_class="db.t4g.medium", storage_gb=20, connections=None
    )


def test_a_host_that_is_nearly_full_is_told_and_one_that_stops_measuring_is_told_once() -> None:
    alarms = host_alarms("i-1", HostLimits(cpu=70, memory=85, disk=90))

    found = {key: (one.namespace, one.metric, one.above) for key, one in alarms.items()}
    assert found["memory"] == ("groundwork", "MemoryPercent", 85)
    assert found["disk"] == ("groundwork", "DiskPercent", 90)
    assert found["cpu"] == ("AWS/EC2", "CPUUtilization", 70)
    assert {one.dimensions["InstanceId"] for one in alarms.values()} == {"i-1"}
    assert [key for key, one in alarms.items() if one.silence == "missing"] == ["disk"]
    # Two of its five minutes, of which none may lie between two measurements. What AWS measures of
    # a host that is not watched closely comes as seldom; its own checks come each minute.
    assert {one.period for key, one in alarms.items() if key != "status"} == {300}
    assert all(one.minutes * 60 >= 2 * one.period for key, one in alarms.items() if key != "status")


def test_every_alarm_names_what_it_measures() -> None:
    everything = (
        database_alarms("main", instance_class="db.t4g.medium", storage_gb=20, connections=100)
        | host_alarms("i-1", HostLimits())
        | replica_alarms("replica")
        | cache_alarms("cache-001")
        | load_balancer_alarms("app/main/1")
        | target_group_alarms("targetgroup/api/1", "app/main/1", limits=AnswerLimits())
        | certificate_alarms("arn:certificate")
    )

    assert all(alarm.dimensions and alarm.meaning for alarm in everything.values())


def test_only_the_accounts_own_services_speak_through_the_topic(engine: Engine) -> None:
    args = NoticesArgs(account=ACCOUNT, key_arn="arn:key", emails={"admin": "a@example.com"})
    engine.build(lambda: Notices("notices", args))

    policy = json.loads(engine.one("aws:sns/topicPolicy:TopicPolicy")["policy"])
    (statement,) = policy["Statement"]
    assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
    assert engine.one("aws:sns/topic:Topic")["kmsMasterKeyId"] == "arn:key"
    assert engine.one("aws:sns/topicSubscription:TopicSubscription")["endpoint"] == "a@example.com"
