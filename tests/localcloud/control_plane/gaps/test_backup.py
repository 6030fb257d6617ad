from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

Client = Callable[[str], Any]
PLAN: dict[str, Any] = {
    "BackupPlanName": "daily",
    "Rules": [{"RuleName": "daily", "TargetBackupVaultName": "vault"}],
}


def test_a_selection_of_a_plan_lives_and_dies(client: Client) -> None:
    backup = client("backup")
    plan = backup.create_backup_plan(BackupPlan=PLAN)["BackupPlanId"]
    selection = {"SelectionName": "stores", "IamRoleArn": "arn:of:role", "Resources": ["arn:a"]}

    made = backup.create_backup_selection(BackupPlanId=plan, BackupSelection=selection)
    name = made["SelectionId"]

    shown = backup.get_backup_selection(BackupPlanId=plan, SelectionId=name)
    assert shown["BackupSelection"] == selection
    (listed,) = backup.list_backup_selections(BackupPlanId=plan)["BackupSelectionsList"]
    assert listed["SelectionName"] == "stores"
    backup.delete_backup_selection(BackupPlanId=plan, SelectionId=name)
    with pytest.raises(ClientError, match="ResourceNotFound"):
        backup.get_backup_selection(BackupPlanId=plan, SelectionId=name)


def test_a_changed_plan_has_its_new_rules(client: Client) -> None:
    backup = client("backup")
    plan = backup.create_backup_plan(BackupPlan=PLAN)["BackupPlanId"]
    weekly = {"RuleName": "weekly", "TargetBackupVaultName": "vault"}

    backup.update_backup_plan(
        BackupPlanId=plan, BackupPlan={**PLAN, "Rules": [*PLAN["Rules"], weekly]}
    )

    rules = backup.get_backup_plan(BackupPlanId=plan)["BackupPlan"]["Rules"]
    assert [rule["RuleName"] for rule in rules] == ["daily", "weekly"]


def test_a_vault_policy_lives_and_dies(client: Client) -> None:
    backup = client("backup")
    backup.create_backup_vault(BackupVaultName="vault")

    backup.put_backup_vault_access_policy(BackupVaultName="vault", Policy="{}")

    assert backup.get_backup_vault_access_policy(BackupVaultName="vault")["Policy"] == "{}"
    backup.delete_backup_vault_access_policy(BackupVaultName="vault")
    with pytest.raises(ClientError, match="ResourceNotFound"):
        backup.get_backup_vault_access_policy(BackupVaultName="vault")


def test_tags_are_found_however_the_path_ends(client: Client) -> None:
    import json
    import urllib.parse
    from types import SimpleNamespace

    from moto.backup.responses import BackupResponse

    backup = client("backup")
    arn = backup.create_backup_vault(BackupVaultName="vault", BackupVaultTags={"a": "b"})[
        "BackupVaultArn"
    ]
    store = SimpleNamespace(list_tags=lambda resource_arn: {"of": resource_arn})
    path = f"/tags/{urllib.parse.quote(arn, safe='')}"

    for written in (path, f"{path}/"):
        request: Any = SimpleNamespace(path=written, backup_backend=store)
        assert json.loads(BackupResponse.list_tags(request)) == {"Tags": {"of": arn}}


def test_a_vault_is_known_to_be_empty(client: Client) -> None:
    backup = client("backup")
    backup.create_backup_vault(BackupVaultName="vault")

    assert (
        backup.list_recovery_points_by_backup_vault(BackupVaultName="vault")["RecoveryPoints"] == []
    )
    with pytest.raises(ClientError, match="ResourceNotFound"):
        backup.list_recovery_points_by_backup_vault(BackupVaultName="other")
