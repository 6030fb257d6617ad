from collections.abc import Callable
from typing import Any

Client = Callable[[str], Any]


def test_a_saved_query_lives_and_dies(client: Client) -> None:
    logs = client("logs")
    made = logs.put_query_definition(name="errors", queryString="fields @message")
    name = made["queryDefinitionId"]

    logs.put_query_definition(
        queryDefinitionId=name, name="errors", queryString="fields @timestamp"
    )

    (shown,) = logs.describe_query_definitions(queryDefinitionNamePrefix="err")["queryDefinitions"]
    assert shown["queryString"] == "fields @timestamp"
    assert logs.delete_query_definition(queryDefinitionId=name)["success"]
    assert logs.describe_query_definitions()["queryDefinitions"] == []
