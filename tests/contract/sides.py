"""The two servers as the suite sees them: where to ask, with which keys, and whether time can pass."""

import urllib.request
from datetime import UTC, datetime, timedelta

import boto3
import botocore.session
from botocore.config import Config

from local_servers import Sandbox, Server

CONFIG = Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=60)


class Side:
    name: str
    url: str

    def keys(self, account: str) -> dict[str, str]:
        raise NotImplementedError

    def advance(self, passed: timedelta) -> None:
        raise NotImplementedError

    def begin(self) -> None:
        """Called before each story."""

    def client(self, service: str, region: str, keys: dict[str, str], protocol: str | None = None):
        session = boto3.Session(botocore_session=session_speaking(service, protocol) if protocol else None)
        return session.client(service, region_name=region, endpoint_url=self.url, config=CONFIG, **keys)


class MotoSide(Side):
    """State survives from story to story unless reset; time stands still."""

    name = "moto"

    def __init__(self, server: Server):
        self.url = server.url

    def begin(self) -> None:
        urllib.request.urlopen(urllib.request.Request(self.url + "/moto-api/reset", method="POST")).close()

    def keys(self, account: str) -> dict[str, str]:
        nobody = {"aws_access_key_id": "AKIANOBODYSKEY000000", "aws_secret_access_key": "nobody"}
        sts = self.client("sts", "us-east-1", nobody)
        made = sts.assume_role(RoleArn=f"arn:aws:iam::{account}:role/contract", RoleSessionName="contract")[
            "Credentials"
        ]
        return as_keys(made)

    def advance(self, passed: timedelta) -> None:
        """moto's transitions end at once, so there is nothing to wait for."""


class SandboxSide(Side):
    """Simulated time over all stories. It only goes forward, and the server begins with the machine's."""

    name = "sandbox"

    def __init__(self, sandbox: Sandbox):
        self.url = sandbox.url
        self._sandbox = sandbox
        self._now = datetime.now(UTC)
        self.advance(timedelta())

    def keys(self, account: str) -> dict[str, str]:
        return self._sandbox.account("aws", account)

    def advance(self, passed: timedelta) -> None:
        self._now += passed
        self._sandbox.set_clock(self._now.isoformat().replace("+00:00", "Z"))


def as_keys(credentials: dict) -> dict[str, str]:
    """The credentials of an AssumeRole answer as boto3 takes them."""
    return {
        "aws_access_key_id": credentials["AccessKeyId"],
        "aws_secret_access_key": credentials["SecretAccessKey"],
        "aws_session_token": credentials["SessionToken"],
    }


def session_speaking(service: str, protocol: str) -> botocore.session.Session:
    """A session in which the service has that one protocol: the Rust SDK's choice is not always botocore's."""
    session = botocore.session.Session()
    session.get_component("data_loader").load_service_model(service, "service-2")["metadata"]["protocols"] = [protocol]
    return session
