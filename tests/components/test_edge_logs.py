from components.edge_logs import EdgeLogs, EdgeLogsArgs
from tests.recording import Engine


def test_who_asked_for_what_goes_into_the_folder_that_is_granted(engine: Engine) -> None:
    args = EdgeLogsArgs(distribution_arn="arn:distribution", log_bucket_arn="arn:aws:s3:::logs")
    engine.build(lambda: EdgeLogs("web", args))

    source = engine.one("aws:cloudwatch/logDeliverySource:LogDeliverySource")
    assert (source["resourceArn"], source["logType"]) == ("arn:distribution", "ACCESS_LOGS")
    destination = engine.one("aws:cloudwatch/logDeliveryDestination:LogDeliveryDestination")
    assert destination["deliveryDestinationConfiguration"] == {
        "destinationResourceArn": "arn:aws:s3:::logs/edge"
    }
    assert engine.one("aws:cloudwatch/logDelivery:LogDelivery")["deliverySourceName"] == "web"
