from components.response_headers import ResponseHeaders, ResponseHeadersArgs
from tests.recording import Engine

POLICY = "aws:cloudfront/responseHeadersPolicy:ResponseHeadersPolicy"
SECURITY = "default-src 'self'"


def test_every_answer_has_each_header_once_whatever_the_origin_said(engine: Engine) -> None:
    args = ResponseHeadersArgs(content_security_policy=SECURITY)
    engine.build(lambda: ResponseHeaders("web", args))

    headers = engine.one(POLICY)["securityHeadersConfig"]
    assert headers["strictTransportSecurity"]["accessControlMaxAgeSec"] == 31_536_000
    assert headers["strictTransportSecurity"]["includeSubdomains"] is True
    assert headers["frameOptions"]["frameOption"] == "SAMEORIGIN"
    assert headers["referrerPolicy"]["referrerPolicy"] == "strict-origin-when-cross-origin"
    assert headers["contentSecurityPolicy"]["contentSecurityPolicy"] == SECURITY
    assert "contentTypeOptions" in headers
    assert all(header["override"] is True for header in headers.values())


def test_a_site_without_content_policy_sends_none(engine: Engine) -> None:
    engine.build(lambda: ResponseHeaders("web", ResponseHeadersArgs(content_security_policy=None)))

    assert "contentSecurityPolicy" not in engine.one(POLICY)["securityHeadersConfig"]


def test_headers_are_those_of_the_application(engine: Engine) -> None:
    args = ResponseHeadersArgs(
        content_security_policy=None, frames="DENY", referrer="no-referrer", hsts_seconds=0
    )
    engine.build(lambda: ResponseHeaders("web", args))

    headers = engine.one(POLICY)["securityHeadersConfig"]
    assert headers["frameOptions"]["frameOption"] == "DENY"
    assert headers["referrerPolicy"]["referrerPolicy"] == "no-referrer"
    assert "strictTransportSecurity" not in headers


def test_nobody_learns_what_answers(engine: Engine) -> None:
    engine.build(lambda: ResponseHeaders("web", ResponseHeadersArgs(content_security_policy=None)))

    removed = {item["header"] for item in engine.one(POLICY)["removeHeadersConfig"]["items"]}
    assert removed == {"Server", "X-Powered-By"}
