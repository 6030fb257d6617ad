"""Answers a host's own questions where it runs: metadata, secrets and objects from a folder.

A stand-in for the tests of one booted machine; the local cloud has a whole control plane.
"""

import http.server
import json
from pathlib import Path
from typing import Any

ROOT = Path("/opt/tiny-aws")


class Aws(http.server.BaseHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        pass

    def answer(self, body: bytes, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_PUT(self) -> None:
        self.answer(b"a-token")

    def do_GET(self) -> None:
        facts = {
            "/latest/meta-data/iam/security-credentials/": "host",
            "/latest/meta-data/iam/security-credentials/host": json.dumps(
                {"AccessKeyId": "AKIA", "SecretAccessKey": "sk", "Token": "st"}
            ),
            "/latest/meta-data/placement/region": "eu-west-1",
            "/latest/meta-data/instance-id": "i-0abc",
        }
        file = ROOT / "objects" / self.path.lstrip("/")
        if self.path in facts:
            self.answer(facts[self.path].encode())
        elif file.is_file():
            self.answer(file.read_bytes())
        else:
            self.answer(b"<Error><Code>NoSuchKey</Code></Error>", 404)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if body.startswith(b"Action=PutMetricData"):
            (ROOT / "measured").write_bytes(body)
            self.answer(b"<PutMetricDataResponse/>")
            return
        asked = json.loads(body)
        secrets = json.loads((ROOT / "secrets.json").read_text())
        self.answer(json.dumps({"SecretString": secrets[asked["SecretId"]]}).encode())


if __name__ == "__main__":
    http.server.ThreadingHTTPServer(("127.0.0.1", 4566), Aws).serve_forever()
