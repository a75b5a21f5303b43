"""The way of the functions and of the command line to moto, which adds what moto lacks and keeps a record.

moto lets anybody take any role, missing ones included, and starts everything that exists. So this door

- refuses AssumeRole unless the role exists in moto and its trust policy names the caller and the external id,
- refuses to start the instances it was told cannot start,
- tags Redshift clusters for the tagging API,
- describes instances as machines of today (moto calls those of unknown images paravirtual and says nothing of ENA, so
  that hardly any other type would fit them),
- invokes the functions, which moto would do in Docker,
- takes what custom resources answer, at addresses like those that CloudFormation hands out,
- can hold what is asked until another pass has asked for the lease, and let somebody in just before a call,
- writes down every call, which is how the checks know what was never asked for.
"""

import http.client
import json
import re
import threading
import urllib.parse
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from email.message import Message
from http.server import BaseHTTPRequestHandler
from xml.sax.saxutils import escape

from botocore.exceptions import ClientError

from lambda_runtime import Function, LoopbackServer, read_body

from .aws import Aws, partition_of

# Status, headers and body.
Answer = tuple[int, list[tuple[str, str]], bytes]

INVOCATIONS = re.compile(r"/2015-03-31/functions/(?P<name>[^/]+)/invocations")

# Well under what a pass may take.
LONGEST_HOLD_SECONDS = 30

SCOPE = re.compile(r"Credential=(?P<key>[^/]+)/\d+/(?P<region>[^/]+)/(?P<service>[^/]+)/aws4_request")
ROLE_ARN = re.compile(r"arn:(?P<partition>[^:]+):iam::(?P<account>\d{12}):role/(?:.*/)?(?P<name>[^/]+)")
# The parameters of query protocols that name a resource.
NAMES = re.compile(
    r"InstanceId(\.\d+)?|ResourceId\.\d+|DBInstanceIdentifier|DBClusterIdentifier|ClusterIdentifier"
    r"|AutoScalingGroupName|Tags\.member\.\d+\.ResourceId"
)
JSON = [("Content-Type", "application/json")]
NOT_FORWARDED = {"connection", "keep-alive", "transfer-encoding", "content-length", "host"}

PARAVIRTUAL = b"<virtualizationType>paravirtual</virtualizationType>"
WITH_ENA = b"<virtualizationType>hvm</virtualizationType><enaSupport>true</enaSupport>"

STS_REFUSAL = """<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>\
<Code>{code}</Code><Message>{message}</Message></Error><RequestId>{request_id}</RequestId></ErrorResponse>"""
EC2_REFUSAL = """<?xml version="1.0" encoding="UTF-8"?><Response><Errors><Error><Code>{code}</Code>\
<Message>{message}</Message></Error></Errors><RequestID>{request_id}</RequestID></Response>"""


@dataclass(frozen=True)
class Call:
    """One request of the function's."""

    service: str
    operation: str
    region: str
    key: str
    params: dict

    @property
    def arns(self) -> list[str]:
        """What the tagging API is to tag."""
        return self.params.get("ResourceARNList", []) if self.service == "tagging" else []

    @property
    def resources(self) -> list[str]:
        """The ids of the resources it names."""
        if self.operation == "UpdateService":
            return [f"{self.params['cluster']}/{self.params['service']}"]
        if self.operation == "RegisterScalableTarget":
            return [self.params["ResourceId"].removeprefix("service/")]
        of_arns = [re.split("[:/]", arn.split(":", 5)[5], maxsplit=1)[1] for arn in self.arns]
        return of_arns + [value for name, value in self.params.items() if NAMES.fullmatch(name)]


class FrontDoor:
    def __init__(self, aws: Aws, principals: dict[str, str]):
        """`principals` says whose each access key is: trust policies name principals, requests carry keys."""
        self.calls: list[Call] = []
        self.unstartable: dict[str, tuple[str, str]] = {}
        # The functions that can be invoked, by name.
        self.functions: dict[str, Function] = {}
        # What custom resources were answered, by path: the content type, and the answer.
        self.answers: dict[str, tuple[str | None, dict]] = {}
        self._meanwhile: dict[str, Callable[[], object]] = {}
        # Set while nothing is held, and while something is.
        self._free = threading.Event()
        self._free.set()
        self.holds = threading.Event()
        self._aws = aws
        self._principals = principals
        self._moto = urllib.parse.urlsplit(aws.endpoint).netloc
        self._server = LoopbackServer(self._handler())
        self.url = f"http://{self._server.address}"

    def stop(self) -> None:
        self._server.stop()

    def meanwhile(self, operation: str, act: Callable[[], object]) -> None:
        """Acts once, just before the next call of the operation is passed on."""
        self._meanwhile[operation] = act

    def hold_until_asked_for_lease_twice(self) -> None:
        """Holds what the first pass looks for, so that a second pass must find it at work."""
        self._asked_for_lease = 0
        self.holds.clear()
        self._free.clear()

    def _hold(self, call: Call) -> None:
        if call.operation == "DescribeInstances" and not self._free.is_set():
            self.holds.set()
            self._free.wait(LONGEST_HOLD_SECONDS)

    def _release(self, call: Call) -> None:
        """While every look for instances is held nothing else is put to a table."""
        if call.operation == "PutItem" and not self._free.is_set():
            self._asked_for_lease += 1
            if self._asked_for_lease == 2:
                self._free.set()

    def _answer(self, call: Call, path: str, headers: Message, body: bytes) -> Answer:
        self._hold(call)
        self._meanwhile.pop(call.operation, lambda: None)()
        if call.operation == "Invoke":
            return self._invoke(call, body)
        answer = self._refusal(call) or self._redshift_tags(call) or self._forward(path, headers, body)
        self._release(call)
        return of_today(answer) if call.operation == "DescribeInstances" else answer

    def _invoke(self, call: Call, body: bytes) -> Answer:
        """As Lambda answers whoever waits: what the function says is in the body, also if it is an error."""
        name = call.params["FunctionName"]
        if name not in self.functions:
            arn = f"arn:{partition_of(call.region)}:lambda:{call.region}:{self._aws.hub_account}:function:{name}"
            answer = json.dumps({"Type": "User", "Message": f"Function not found: {arn}"}).encode()
            return 404, [*JSON, ("x-amzn-ErrorType", "ResourceNotFoundException")], answer
        answer = self.functions[name].invoke(json.loads(body))
        is_error = [("X-Amz-Function-Error", "Unhandled")] if answer.error else []
        return 200, [*JSON, *is_error], json.dumps(answer.error or answer.result).encode()

    def _redshift_tags(self, call: Call) -> Answer | None:
        """As the tagging API does on AWS: it asks the clusters' own service. The scheduler asks for one kind a call."""
        if not call.arns or any(arn.split(":")[2] != "redshift" for arn in call.arns):
            return None
        for arn in call.arns:
            redshift = self._aws.client("redshift", arn.split(":")[4], call.region)
            if call.operation == "TagResources":
                tags = [{"Key": key, "Value": value} for key, value in call.params["Tags"].items()]
                redshift.create_tags(ResourceName=arn, Tags=tags)
            else:
                redshift.delete_tags(ResourceName=arn, TagKeys=call.params["TagKeys"])
        return 200, [("Content-Type", "application/x-amz-json-1.1")], b'{"FailedResourcesMap": {}}'

    def _refusal(self, call: Call) -> Answer | None:
        """If there is none, moto answers."""
        if call.operation == "AssumeRole":
            return self._guard_role(call)
        if call.operation == "StartInstances":
            return self._guard_start(call)
        return None

    def _guard_role(self, call: Call) -> Answer | None:
        role = call.params["RoleArn"]
        caller = self._principals.get(call.key, f"the unknown key {call.key}")
        if self._trusts(role, caller, call):
            return None
        message = f"User: {caller} is not authorized to perform: sts:AssumeRole on resource: {role}"
        return refusal(403, STS_REFUSAL, "AccessDenied", message)

    def _trusts(self, role: str, caller: str, call: Call) -> bool:
        """Reads the trust policies that spoke.yaml writes: one principal, one external id."""
        named = ROLE_ARN.fullmatch(role)
        if not named or named["partition"] != partition_of(call.region):
            return False
        try:
            found = self._aws.client("iam", named["account"], call.region).get_role(RoleName=named["name"])["Role"]
        except ClientError:
            return False
        return any(
            statement["Principal"].get("AWS") == caller
            and statement["Condition"]["StringEquals"]["sts:ExternalId"] == call.params.get("ExternalId")
            for statement in found["AssumeRolePolicyDocument"]["Statement"]
        )

    def _guard_start(self, call: Call) -> Answer | None:
        for instance in call.resources:
            if instance in self.unstartable:
                code, message = self.unstartable[instance]
                return refusal(400, EC2_REFUSAL, code, message)
        return None

    def _forward(self, path: str, headers: Message, body: bytes) -> Answer:
        passed_on = {name: value for name, value in headers.items() if name.lower() not in NOT_FORWARDED}
        connection = http.client.HTTPConnection(self._moto, timeout=60)
        try:
            connection.request("POST", path, body, passed_on)
            response = connection.getresponse()
            return response.status, response.getheaders(), response.read()
        finally:
            connection.close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        door = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = read_body(self)
                call = read_call(self.path, self.headers, body)
                door.calls.append(call)
                self._reply(*door._answer(call, self.path, self.headers, body))

            def do_PUT(self) -> None:
                door.answers[self.path] = (self.headers.get("Content-Type"), json.loads(read_body(self)))
                self._reply(200, [], b"")

            def _reply(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
                self.send_response(status)
                for name, value in headers:
                    if name.lower() not in NOT_FORWARDED:
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """The record is kept above."""

        return Handler


def read_call(path: str, headers: Message, body: bytes) -> Call:
    """Every service used here signs in a header, and speaks JSON with a target or a query string; Lambda has paths."""
    scope = SCOPE.search(headers.get("Authorization", ""))
    where = scope.groupdict() if scope else {"key": "", "region": "", "service": ""}
    if invoked := INVOCATIONS.fullmatch(path):
        return Call(operation="Invoke", params={"FunctionName": invoked["name"]}, **where)
    if target := headers.get("X-Amz-Target"):
        return Call(operation=target.split(".")[-1], params=json.loads(body), **where)
    params = dict(urllib.parse.parse_qsl(body.decode(errors="replace")))
    return Call(operation=params.get("Action", "?"), params=params, **where)


def of_today(answer: Answer) -> Answer:
    status, headers, body = answer
    return status, headers, body.replace(PARAVIRTUAL, WITH_ENA)


def refusal(status: int, shape: str, code: str, message: str) -> Answer:
    body = shape.format(code=code, message=escape(message), request_id=uuid.uuid4())
    return status, [("Content-Type", "text/xml")], body.encode()
