from collections.abc import Callable
from typing import Any

Client = Callable[[str], Any]
ACCOUNT = "123456789012"
NOTIFICATION = {
    "NotificationType": "FORECASTED",
    "ComparisonOperator": "GREATER_THAN",
    "Threshold": 80.0,
}
MAIL = {"SubscriptionType": "EMAIL", "Address": "ops@example.test"}


def test_a_budget_can_be_changed_and_its_subscribers_looked_at(client: Client) -> None:
    budgets = client("budgets")
    budget: dict[str, Any] = {
        "BudgetName": "monthly",
        "BudgetType": "COST",
        "TimeUnit": "MONTHLY",
        "BudgetLimit": {"Amount": "100", "Unit": "USD"},
    }
    budgets.create_budget(
        AccountId=ACCOUNT,
        Budget=budget,
        NotificationsWithSubscribers=[{"Notification": NOTIFICATION, "Subscribers": [MAIL]}],
        ResourceTags=[{"Key": "Stack", "Value": "test"}],
    )

    budgets.update_budget(
        AccountId=ACCOUNT,
        NewBudget={**budget, "BudgetLimit": {"Amount": "200", "Unit": "USD"}},
    )

    shown = budgets.describe_budget(AccountId=ACCOUNT, BudgetName="monthly")["Budget"]
    assert shown["BudgetLimit"]["Amount"] == "200"
    subscribers = budgets.describe_subscribers_for_notification(
        AccountId=ACCOUNT, BudgetName="monthly", Notification=NOTIFICATION
    )["Subscribers"]
    assert subscribers == [MAIL]
    arn = f"arn:aws:budgets::{ACCOUNT}:budget/monthly"
    budgets.tag_resource(ResourceARN=arn, ResourceTags=[{"Key": "Old", "Value": "yes"}])
    budgets.untag_resource(ResourceARN=arn, ResourceTagKeys=["Old"])
    tags = budgets.list_tags_for_resource(ResourceARN=arn)["ResourceTags"]
    assert tags == [{"Key": "Stack", "Value": "test"}]
