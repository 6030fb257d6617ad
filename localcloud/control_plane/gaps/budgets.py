"""Budgets: they can be changed, their subscribers looked at, and they have tags."""

import json
from typing import Any

from moto.budgets.exceptions import NotFoundException
from moto.budgets.models import BudgetsBackend
from moto.budgets.responses import BudgetsResponse

from localcloud.control_plane.gaps.mending import Method, adds, mends


@mends(BudgetsBackend, "__init__")
def new_backend(original: Method, self: Any, *args: Any, **kwargs: Any) -> None:
    original(self, *args, **kwargs)
    self.tags_by_arn = {}


def _budget(response: Any, name: str) -> Any:
    budgets = response.backend.budgets[response._get_param("AccountId")]
    if name not in budgets:
        raise NotFoundException(f"Unable to get budget: {name} - the budget doesn't exist.")
    return budgets[name]


def _tags(response: Any, arn: str) -> dict[str, str]:
    return response.backend.tags_by_arn.setdefault(arn, {})


@mends(BudgetsResponse, "create_budget")
def create_budget(original: Method, self: Any) -> str:
    answer = original(self)
    name = self._get_param("Budget")["BudgetName"]
    arn = f"arn:aws:budgets::{self._get_param('AccountId')}:budget/{name}"
    for tag in self._get_param("ResourceTags") or []:
        _tags(self, arn)[tag["Key"]] = tag["Value"]
    return answer


@adds(BudgetsResponse)
def update_budget(self: Any) -> str:
    wanted = self._get_param("NewBudget")
    budget = _budget(self, wanted["BudgetName"])
    budget.budget = {**budget.budget, **wanted}
    return "{}"


def _notification(response: Any) -> Any:
    budget = _budget(response, response._get_param("BudgetName"))
    wanted = response._get_param("Notification") or response._get_param("OldNotification")
    for notification in budget.notifications:
        if {**notification.details, **wanted} == notification.details:
            return notification
    raise NotFoundException("Unable to find the notification.")


@adds(BudgetsResponse)
def describe_subscribers_for_notification(self: Any) -> str:
    return json.dumps({"Subscribers": _notification(self).subscribers})


@adds(BudgetsResponse)
def list_tags_for_resource(self: Any) -> str:
    tags = _tags(self, self._get_param("ResourceARN"))
    return json.dumps({"ResourceTags": [{"Key": k, "Value": v} for k, v in tags.items()]})


@adds(BudgetsResponse)
def tag_resource(self: Any) -> str:
    for tag in self._get_param("ResourceTags"):
        _tags(self, self._get_param("ResourceARN"))[tag["Key"]] = tag["Value"]
    return "{}"


@adds(BudgetsResponse)
def untag_resource(self: Any) -> str:
    for key in self._get_param("ResourceTagKeys"):
        _tags(self, self._get_param("ResourceARN")).pop(key, None)
    return "{}"
