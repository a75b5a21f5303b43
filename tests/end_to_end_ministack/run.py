"""Runs the end-to-end test on ministack, which is nobody's judge of schedules but deploys and runs what moto does not.

hub.yaml and spoke.yaml are deployed unchanged, and none of their resources is refused. ministack runs the zip of
`bootstrap` on `provided.al2023` without Docker, fires the rule, takes shards from their queue, invokes the functions
for the command line and deploys custom resources. With AUTH=true it evaluates the policies of the hub's roles and the
trust of the spokes'.

What version 1.5.33 lacks, and what stands in for it:

- `ssm:GetParametersByPath` is checked against "*" and not the path: the hub's roles get it on everything.
- It asks for `sqs:SendMessageBatch` where AWS asks for `sqs:SendMessage`, which the template allows: the hub's roles get
  it on everything.
- `aws:ResourceTag` is unknown of EC2's and Auto Scaling's resources: the spoke's role gets what it may do to tagged ones
  on everything. So conditions on tags are not tried here.
- There is no Redshift and no Application Auto Scaling, which ECS services need; the tagging API knows no RDS clusters,
  and an instance beside a cluster is taken for its member. The hub is deployed with `Kinds=ec2-instance,asg`.
- CloudFormation hands an event source mapping's MaximumConcurrency on as text, over which the poller stumbles: it is set
  through the API. The poller evaluates no policy, and waits for no VisibilityTimeout of a function's.
- TimeToLiveSpecification and PointInTimeRecoverySpecification are ignored, as moto ignores them.
- CloudWatch takes metrics in CBOR only with the package cbor2, which is installed beside it.
- Everything is in the partition `aws`, and functions have no time limit worth a test.
"""

import argparse
import contextlib
import io
import os
import signal
import sys
import tempfile
import zipfile
from pathlib import Path

import boto3
from botocore.config import Config

from end_to_end.checks import Checks
from local_servers import Server, tail

from .story import SPOKES, Story

ACCOUNTS = {"hub": "123456789012", **SPOKES}
REGION = "eu-west-1"


class Aws:
    """boto3 clients of accounts: ministack takes a key that is an account's id for that account's root."""

    def __init__(self, url: str):
        self.url = url

    def client(self, service: str, account: str):
        return boto3.client(
            service,
            region_name=REGION,
            endpoint_url=self.url,
            aws_access_key_id=ACCOUNTS[account],
            aws_secret_access_key="any",
            config=Config(retries={"total_max_attempts": 1}, read_timeout=120),
        )


def main() -> int:
    args = parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # So that every `finally` runs.
    checks = Checks()
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="dayshift-ministack-")))
        log = folder / "ministack.log"
        command = [args.server, str(Path(__file__).with_name("serve.py")), str(folder)]
        # Functions have the server's environment: nothing of ours is to be found in it.
        server = Server("ministack", command, log, {"PATH": os.defpath, "HOME": str(folder), "TZ": "UTC"})
        stack.callback(server.stop)
        print(f"ministack: deploying at {server.url}", flush=True)
        try:
            code = args.zip.read_bytes() if args.zip else zipped(args.bin_dir / "bootstrap")
            Story(Aws(server.url), code, args.bin_dir, folder, checks).tell()
        except Exception:
            print(f"\nThe end of ministack's log:\n{tail(log)}", file=sys.stderr, flush=True)
            raise
        if checks.failed:
            print(f"\nThe end of ministack's log:\n{tail(log)}", file=sys.stderr, flush=True)
    if checks.failed:
        print(f"ministack: {len(checks.failed)} of {checks.passed + len(checks.failed)} checks FAILED")
        return 1
    print(f"ministack: {checks.passed} checks passed")
    return 0


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="end-to-end-ministack", description=__doc__.splitlines()[0])
    parser.add_argument("--server", required=True, help="the Python that has ministack")
    parser.add_argument("--bin-dir", type=Path, required=True, help="the folder of bootstrap and scheduler-cli")
    parser.add_argument("--zip", type=Path, help="the functions' zip file; absent: one is made of bootstrap")
    return parser.parse_args()


def zipped(bootstrap: Path) -> bytes:
    """Fast: a debug program is large, and nobody downloads it."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as made:
        made.write(bootstrap, "bootstrap")
    return archive.getvalue()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("ministack: interrupted; every process is ended")
