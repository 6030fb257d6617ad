"""AWS Backup: selections of a plan, changes to a plan, policies of a vault; moto has none."""

import json
import re
import time
import uuid
from typing import Any
from urllib.parse import unquote

from moto.backup import urls
from moto.backup.exceptions import ResourceNotFoundException
from moto.backup.models import BackupBackend
from moto.backup.responses import BackupResponse

from localcloud.control_plane.gaps.mending import Method, adds, mends

PLAN_PATH = re.compile(r"/backup/plans/([^/]+)(?:/selections/?([^/]*))?")


@mends(BackupBackend, "__init__")
def new_backend(original: Method, self: Any, *args: Any, **kwargs: Any) -> None:
    original(self, *args, **kwargs)
    self.selections = {}
    self.vault_policies = {}


def _ids(response: Any) -> tuple[str, str]:
    found = PLAN_PATH.search(response.path)
    assert found
    return found.group(1), found.group(2) or ""


@adds(BackupResponse)
def create_backup_selection(self: Any) -> str:
    plan, _ = _ids(self)
    identifier = str(uuid.uuid4())
    selection = {
        "BackupSelection": json.loads(self.body)["BackupSelection"],
        "SelectionId": identifier,
        "BackupPlanId": plan,
        "CreationDate": time.time(),
    }
    self.backup_backend.selections[plan, identifier] = selection
    return json.dumps({k: v for k, v in selection.items() if k != "BackupSelection"})


@adds(BackupResponse)
def get_backup_selection(self: Any) -> str:
    selection = self.backup_backend.selections.get(_ids(self))
    if selection is None:
        raise ResourceNotFoundException("Cannot find Backup selection")
    return json.dumps(selection)


@adds(BackupResponse)
def delete_backup_selection(self: Any) -> str:
    self.backup_backend.selections.pop(_ids(self), None)
    return "{}"


@adds(BackupResponse)
def list_backup_selections(self: Any) -> str:
    plan, _ = _ids(self)
    selections = [
        {
            "SelectionId": identifier,
            "BackupPlanId": owner,
            "SelectionName": selection["BackupSelection"].get("SelectionName"),
            "IamRoleArn": selection["BackupSelection"].get("IamRoleArn"),
        }
        for (owner, identifier), selection in self.backup_backend.selections.items()
        if owner == plan
    ]
    return json.dumps({"BackupSelectionsList": selections})


@adds(BackupResponse)
def update_backup_plan(self: Any) -> str:
    identifier, _ = _ids(self)
    plan = self.backup_backend.plans[identifier]
    wanted = json.loads(self.body)["BackupPlan"]
    # The class fills in what a plan leaves out, as it does for a new one.
    filled = type(plan)(wanted, plan.creator_request_id, self.backup_backend)
    plan.backup_plan = filled.backup_plan
    plan.advanced_backup_settings = filled.advanced_backup_settings
    plan.version_id = filled.version_id
    return json.dumps(plan.to_dict())


@mends(BackupResponse, "list_tags")
def list_tags(original: Method, self: Any) -> str:
    """Moto takes the resource from the path only where a slash follows it."""
    arn = unquote(self.path.split("/tags/")[1].rstrip("/"))
    return json.dumps({"Tags": self.backup_backend.list_tags(resource_arn=arn)})


# -- vault policies -----------------------------------------------------------------------------

VAULT = "{0}/backup-vaults/(?P<name>[^/]+)"
urls.url_paths[f"{VAULT}/access-policy$"] = BackupResponse.dispatch
urls.url_paths[f"{VAULT}/recovery-points/?$"] = BackupResponse.dispatch


def _vault(response: Any) -> Any:
    return response.backup_backend.describe_backup_vault(response.path.split("/")[-2])


@adds(BackupResponse)
def put_backup_vault_access_policy(self: Any) -> str:
    name = _vault(self).backup_vault_name
    self.backup_backend.vault_policies[name] = json.loads(self.body)["Policy"]
    return "{}"


@adds(BackupResponse)
def get_backup_vault_access_policy(self: Any) -> str:
    vault = _vault(self)
    policy = self.backup_backend.vault_policies.get(vault.backup_vault_name)
    if policy is None:
        raise ResourceNotFoundException("Backup vault access policy does not exist")
    return json.dumps(
        {
            "BackupVaultName": vault.backup_vault_name,
            "BackupVaultArn": vault.backup_vault_arn,
            "Policy": policy,
        }
    )


@adds(BackupResponse)
def delete_backup_vault_access_policy(self: Any) -> str:
    self.backup_backend.vault_policies.pop(_vault(self).backup_vault_name, None)
    return "{}"


@adds(BackupResponse)
def list_recovery_points_by_backup_vault(self: Any) -> str:
    """None: nothing is backed up here by AWS Backup; asked before a vault is emptied by force."""
    name = self.path.split("/backup-vaults/")[1].split("/")[0]
    self.backup_backend.describe_backup_vault(name)
    return json.dumps({"RecoveryPoints": []})
