"""The two local AWS servers of the tests: moto and our sandbox, as processes that cannot outlive us.

Each prints its address as its first line and ends when its standard input closes. The operating system closes that
even if this process is killed, so no server stays behind.
"""

import json
import os
import select
import subprocess
import sys
import urllib.request
from pathlib import Path

START_TIMEOUT_SECONDS = 60


class ServerFailed(Exception):
    """A server did not start; the message holds the end of its log."""


class Server:
    """A child process that serves `url` until `stop`."""

    def __init__(self, name: str, command: list[str], log: Path, env: dict[str, str] | None = None):
        self.name = name
        self.log = log
        with log.open("ab") as stderr:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                env=env,
                start_new_session=True,
            )
        self.url = self._first_line()

    def _first_line(self) -> str:
        ready, _, _ = select.select([self._process.stdout], [], [], START_TIMEOUT_SECONDS)
        line = self._process.stdout.readline().decode().strip() if ready else ""
        if line.startswith("http://127.0.0.1:"):
            return line
        self.stop()
        raise ServerFailed(f"{self.name} did not start (it said {line!r}); its log ends:\n{tail(self.log)}")

    @property
    def pid(self) -> int:
        return self._process.pid

    def stop(self) -> None:
        self._process.stdin.close()
        end(self._process)
        self._process.stdout.close()


def end(process: subprocess.Popen) -> None:
    """Asks the process to end, then insists."""
    for ask, patience in ((process.terminate, 5), (process.kill, 5)):
        if process.poll() is not None:
            return
        ask()
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            continue


def tail(log: Path, lines: int = 30) -> str:
    if not log.exists():
        return "(no log)"
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:]) or "(empty)"


def start_moto(folder: Path) -> Server:
    # Its default images take a second and 40 MB, and nothing here looks at them.
    env = {**os.environ, "MOTO_EC2_LOAD_DEFAULT_AMIS": "false"}
    return Server("moto", [sys.executable, __file__], folder / "moto.log", env)


def start_sandbox(binary: Path, folder: Path, under: tuple[str, ...] = ()) -> "Sandbox":
    """`under` is a command that runs another and becomes it, as `taskset` does."""
    return Sandbox(Server("the sandbox", [*under, str(binary), "--port", "0"], folder / "sandbox.log"))


class Sandbox:
    """The sandbox server and the doors of its own that no AWS has."""

    def __init__(self, server: Server):
        self.server = server
        self.url = server.url

    def account(self, partition: str, account: str) -> dict[str, str]:
        """Makes the account and returns keys to it, named as boto3 names them."""
        made = json.loads(
            self._ask("PUT", "/_sandbox/account", json.dumps({"partition": partition, "account": account}))
        )
        return {
            "aws_access_key_id": made["access_key_id"],
            "aws_secret_access_key": made["secret_access_key"],
        }

    def set_clock(self, instant: str) -> None:
        self._ask("PUT", "/_sandbox/clock", instant)

    def metrics(self) -> list[dict]:
        """Every datum put to CloudWatch since the server started."""
        return json.loads(self._ask("GET", "/_sandbox/metrics"))

    def fleet(self, wanted: dict) -> dict:
        """Deploys a hub, its spokes and their instances; returns what crates/scheduler-sandbox calls Deployed."""
        return json.loads(self._ask("PUT", "/_sandbox/fleet", json.dumps(wanted), timeout=600))

    def calls(self) -> list[dict]:
        """How often each operation was called since the last reset, by account and Region, and the bytes."""
        return json.loads(self._ask("GET", "/_sandbox/calls"))

    def reset_calls(self) -> None:
        self._ask("DELETE", "/_sandbox/calls")

    def inject(self, fault: dict) -> None:
        self._ask("POST", "/_sandbox/fault", json.dumps(fault))

    def clear_faults(self) -> None:
        self._ask("DELETE", "/_sandbox/fault")

    @property
    def pid(self) -> int:
        return self.server.pid

    def stop(self) -> None:
        self.server.stop()

    def _ask(self, method: str, path: str, body: str | None = None, timeout: int = 30) -> bytes:
        request = urllib.request.Request(self.url + path, method=method, data=body.encode() if body else None)
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            return answer.read()


def serve_moto() -> None:
    """Runs moto in this process until standard input closes."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    print(f"http://{host}:{port}", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    serve_moto()
