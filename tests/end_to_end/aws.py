"""boto3 clients of the accounts behind one local endpoint."""

import threading

import boto3
from botocore.config import Config

# Nothing here is worth a second attempt: a local server that fails once has something to tell.
CLIENT_CONFIG = Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=60)

PARTITION_OF_PREFIX = {"cn": "aws-cn", "us-gov": "aws-us-gov"}


def partition_of(region: str) -> str:
    for prefix, partition in PARTITION_OF_PREFIX.items():
        if region.startswith(prefix + "-"):
            return partition
    return "aws"


class Aws:
    """What an administrator of every account would see at `endpoint`."""

    def __init__(self, endpoint: str, hub_account: str, hub_region: str, hub_keys: dict[str, str]):
        self.endpoint = endpoint
        self.hub_account = hub_account
        self.hub_region = hub_region
        self.hub_keys = hub_keys
        self._clients: dict[tuple[str, str, str], object] = {}
        self._sessions: dict[tuple[str, str], dict[str, str]] = {}
        # boto3 cannot make two clients at once, and the front door asks from several threads.
        self._making = threading.Lock()

    def hub(self, service: str):
        return self.client(service, self.hub_account, self.hub_region)

    def client(self, service: str, account: str, region: str):
        key = (service, account, region)
        with self._making:
            if key not in self._clients:
                self._clients[key] = self._client(service, region, self._keys(account, region))
            return self._clients[key]

    def _keys(self, account: str, region: str) -> dict[str, str]:
        if account == self.hub_account:
            return self.hub_keys
        where = (account, partition_of(region))
        if where not in self._sessions:
            self._sessions[where] = self._administrator(account, region)
        return self._sessions[where]

    def _administrator(self, account: str, region: str) -> dict[str, str]:
        """moto lets everyone take any role of any account, and such a session is how one acts in it."""
        made = self._client("sts", region, self.hub_keys).assume_role(
            RoleArn=f"arn:{partition_of(region)}:iam::{account}:role/administrator", RoleSessionName="end-to-end"
        )["Credentials"]
        return {
            "aws_access_key_id": made["AccessKeyId"],
            "aws_secret_access_key": made["SecretAccessKey"],
            "aws_session_token": made["SessionToken"],
        }

    def _client(self, service: str, region: str, keys: dict[str, str]):
        return boto3.client(service, region_name=region, endpoint_url=self.endpoint, config=CLIENT_CONFIG, **keys)
