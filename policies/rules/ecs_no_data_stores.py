from policies.documents import containers
from policies.inputs import text
from policies.kinds import TASK_DEFINITION
from policies.rule import Findings, Props, Severity, resource_rule

DATA_STORES = ("postgres", "mysql", "mariadb", "redis", "valkey", "mongo", "minio")


@resource_rule(
    "ecs-no-data-stores",
    on=TASK_DEFINITION,
    severity=Severity.HIGH,
    protects_from="a database that forgets everything when its task is replaced",
    fix="use RDS, ElastiCache or S3.",
    only_in_production=True,
)
def ecs_no_data_stores(props: Props) -> Findings:
    """No production task is a database, a cache or a file store."""
    for container in containers(props):
        image = text(container, "image").rpartition("/")[2].partition("@")[0].partition(":")[0]
        if image in DATA_STORES:
            yield f"Container {text(container, 'name')} keeps data in a task ({image})."
