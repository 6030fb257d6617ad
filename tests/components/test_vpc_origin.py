from components.vpc_origin import VpcOrigin, VpcOriginArgs
from tests.recording import Engine


def test_the_edge_reaches_a_hidden_load_balancer_over_tls_alone(engine: Engine) -> None:
    engine.build(lambda: VpcOrigin("main", VpcOriginArgs(load_balancer_arn="arn:balancer")))

    endpoint = engine.one("aws:cloudfront/vpcOrigin:VpcOrigin")["vpcOriginEndpointConfig"]
    assert endpoint["arn"] == "arn:balancer"
    assert endpoint["originProtocolPolicy"] == "https-only"
    assert endpoint["originSslProtocols"] == {"items": ["TLSv1.2"], "quantity": 1}
