"""A Lambda of our own: the runtime API over one process of the packaged program.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html says what a runtime may expect. The environment holds
what Lambda sets and nothing of ours, so a program that leans on a developer's variables fails here.
"""

import json
import os
import queue
import subprocess
import sys
import threading
import time
import uuid
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from local_servers import end, tail

API = "/2018-06-01/runtime/"


@dataclass
class Answer:
    """What the function made of one event: a result, or an error with its type and message."""

    result: dict | None = None
    error: dict | None = None


@dataclass
class Invocation:
    payload: bytes
    deadline: float
    request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    answer: Answer | None = None
    answered: threading.Event = field(default_factory=threading.Event)

    def settle(self, answer: Answer) -> None:
        self.answer = answer
        self.answered.set()


@dataclass(frozen=True)
class FunctionSettings:
    """What the deployment says of the function."""

    name: str
    arn: str
    handler: str
    region: str
    memory_mb: int
    timeout_seconds: int
    keys: dict[str, str]


class Function:
    """The deployed function, one instance of it, answering one event at a time. `under` is a command that runs another
    and becomes it, as `taskset` does."""

    def __init__(
        self,
        bootstrap: Path,
        settings: FunctionSettings,
        endpoints: dict[str, str],
        log: Path,
        under: tuple[str, ...] = (),
    ):
        self.settings = settings
        self.log = log
        self._waiting: queue.Queue[Invocation] = queue.Queue()
        self._running: dict[str, Invocation] = {}
        self._init_error: dict | None = None
        self._server = LoopbackServer(self._handler())
        self._process = self._start(bootstrap, endpoints, under)

    def invoke(self, event: dict) -> Answer:
        """Runs one event to its end, however it ends; never hangs longer than the function's timeout."""
        deadline = time.time() + self.settings.timeout_seconds
        invocation = Invocation(json.dumps(event).encode(), deadline)
        self._waiting.put(invocation)
        while not invocation.answered.wait(0.05):
            if self._init_error:
                return Answer(error=self._init_error)
            if self._process.poll() is not None:
                message = f"the process ended with {self._process.returncode}; its log ends:\n{tail(self.log)}"
                return Answer(error={"errorType": "Runtime.ExitError", "errorMessage": message})
            if time.time() > deadline:
                return Answer(error={"errorType": "Sandbox.Timedout", "errorMessage": "no answer before the deadline"})
        return invocation.answer

    @property
    def pid(self) -> int:
        return self._process.pid

    def stop(self) -> None:
        end(self._process)
        self._server.stop()

    def _start(self, bootstrap: Path, endpoints: dict[str, str], under: tuple[str, ...]) -> subprocess.Popen:
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [*under, str(bootstrap)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**self._lambda_environment(bootstrap), **endpoints},
                start_new_session=True,
            )

    def _lambda_environment(self, bootstrap: Path) -> dict[str, str]:
        settings = self.settings
        token = settings.keys.get("aws_session_token")
        return {
            **({"AWS_SESSION_TOKEN": token} if token else {}),
            "AWS_LAMBDA_RUNTIME_API": self._server.address,
            "AWS_LAMBDA_FUNCTION_NAME": settings.name,
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(settings.memory_mb),
            "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{settings.name}",
            "AWS_LAMBDA_LOG_STREAM_NAME": "local",
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_EXECUTION_ENV": "AWS_Lambda_provided.al2023",
            "AWS_REGION": settings.region,
            "AWS_DEFAULT_REGION": settings.region,
            "AWS_ACCESS_KEY_ID": settings.keys["aws_access_key_id"],
            "AWS_SECRET_ACCESS_KEY": settings.keys["aws_secret_access_key"],
            "_HANDLER": settings.handler,
            "LAMBDA_TASK_ROOT": str(bootstrap.parent),
            "LAMBDA_RUNTIME_DIR": "/var/runtime",
            "LANG": "en_US.UTF-8",
            "PATH": os.defpath,
            "TZ": ":UTC",
        }

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        function = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                if self.path == API + "invocation/next":
                    invocation = function._next()
                    self._reply(200, invocation.payload, function._headers(invocation))
                else:
                    self._reply(404)

            def do_POST(self) -> None:
                body = read_body(self)
                self._reply(function._receive(self.path.removeprefix(API), body), b'{"status":"OK"}')

            def _reply(self, status: int, body: bytes = b"", headers: dict[str, str] | None = None) -> None:
                self.send_response(status)
                for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """The checks say what happened."""

        return Handler

    def _next(self) -> Invocation:
        """Waits for the next event, however long that takes."""
        invocation = self._waiting.get()
        self._running[invocation.request_id] = invocation
        return invocation

    def _headers(self, invocation: Invocation) -> dict[str, str]:
        return {
            "Lambda-Runtime-Aws-Request-Id": invocation.request_id,
            "Lambda-Runtime-Deadline-Ms": str(int(invocation.deadline * 1000)),
            "Lambda-Runtime-Invoked-Function-Arn": self.settings.arn,
            "Lambda-Runtime-Trace-Id": f"Root=1-{int(time.time()):08x}-{uuid.uuid4().hex[:24]};Sampled=0",
        }

    def _receive(self, path: str, body: bytes) -> int:
        """Takes what the program posts; returns the HTTP status that the runtime API answers."""
        if path == "init/error":
            self._init_error = json.loads(body)
            return 202
        _, request_id, kind = path.split("/")
        invocation = self._running.pop(request_id, None)
        if invocation is None:
            return 400
        content = json.loads(body)
        invocation.settle(Answer(result=content) if kind == "response" else Answer(error=content))
        return 202


class LoopbackServer(ThreadingHTTPServer):
    """Serves in threads of its own on a port the system chose, until `stop`."""

    daemon_threads = True

    def __init__(self, handler: type[BaseHTTPRequestHandler]):
        super().__init__(("127.0.0.1", 0), handler)
        self.address = f"127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that ends with its connections open is no news."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)

    def stop(self) -> None:
        self.shutdown()
        self.server_close()


def read_body(handler: BaseHTTPRequestHandler) -> bytes:
    """A request's body, whichever of HTTP's two ways it is sent in."""
    if handler.headers.get("Transfer-Encoding", "").lower() != "chunked":
        return handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
    body = b""
    while size := int(handler.rfile.readline().split(b";")[0], 16):
        body += handler.rfile.read(size)
        handler.rfile.readline()
    while handler.rfile.readline().strip():
        pass
    return body
