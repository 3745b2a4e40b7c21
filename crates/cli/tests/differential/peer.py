"""Runs command lines through the Python package `awscli` and records its requests and results.

Reads one case per line of standard input, as JSON:

    {"id": 1, "args": ["sqs", "list-queues"], "env": {}, "stdin": "", "responses": [[200, {}, "body"]]}

and writes one result per line:

    {"id": 1, "status": 0, "stdout": "...", "stderr": "...", "exchanges": [{"operation", "method", "url", "headers",
     "body", "response": [status, headers, body]}], "files": {"name": "contents"}}

Bodies, files and outputs are base64. Nothing is sent: a handler of `before-send` records the request and returns a canned
response, which is the next one of the case, or else a sample of the operation's output shape. Each case runs in a forked
process and in an empty folder.
"""

import base64
import gc
import json
import os
import random
import shutil
import signal
import sys
import xml.sax.saxutils

import awscli.clidriver as clidriver
import botocore.loaders as loaders
from botocore.awsrequest import AWSResponse

# The definitions of inia. Those of AWS_DATA_PATH would be taken for custom services, without rules for endpoints.
loaders.Loader.BUILTIN_DATA_PATH = sys.argv[2]

# Skeletons have a random element of each enumeration.
random.choice = lambda choices: choices[0]

# Loading and parsing definitions takes most of the time of a command.
_load_file = loaders.JSONFileLoader.load_file
_loaded = {}


def load_file_once(self, path):
    if path not in _loaded:
        _loaded[path] = _load_file(self, path)
    return _loaded[path]


loaders.JSONFileLoader.load_file = load_file_once

_list_services = loaders.Loader.list_available_services
_listed = {}


def list_services_once(self, type_name):
    if type_name not in _listed:
        _listed[type_name] = _list_services(self, type_name)
    return list(_listed[type_name])


loaders.Loader.list_available_services = list_services_once


class Sample:
    """Builds responses from output shapes. The values depend on the names of members only."""

    def __init__(self, operation, skipped):
        self.operation = operation
        self.skipped = {name for name in skipped if "." not in name}
        self.skipped_inside = {name.split(".")[-1] for name in skipped if "." in name}
        self.parents = []

    def value(self, shape, name="", number=0):
        if self.parents.count(shape.name) > 1 or len(self.parents) > 12:
            return {"structure": {}, "map": {}, "list": []}.get(shape.type_name, "deep")
        self.parents.append(shape.name)
        try:
            return getattr(self, "_" + shape.type_name, self._string)(shape, name, number)
        finally:
            self.parents.pop()

    def _structure(self, shape, name, number):
        if getattr(shape, "is_document_type", False):
            return {"document": [1, "two", None, True]}
        members = list(shape.members.items())
        if getattr(shape, "is_tagged_union", False):
            members = members[:1]
        members = [
            (member, target)
            for member, target in members
            # Checksums would have to be right.
            if not member.startswith("Checksum")
            and not (len(self.parents) == 1 and member in self.skipped)
            and not (len(self.parents) == 2 and member in self.skipped_inside)
            and not getattr(target, "is_document_type", False)
        ]
        return {
            member: self.value(target, member, number)
            for member, target in members
            if not target.serialization.get("eventstream")
            and not target.serialization.get("streaming")
        }

    def _list(self, shape, name, number):
        return [self.value(shape.member, name, n) for n in range(2)]

    def _map(self, shape, name, number):
        keys = [self.value(shape.key, "key", n) for n in range(2)]
        return {key: self.value(shape.value, name, n) for n, key in enumerate(keys)}

    def _boolean(self, shape, name, number):
        return number == 0

    def _integer(self, shape, name, number):
        return len(name) + number

    _long = _integer

    def _float(self, shape, name, number):
        return len(name) + 0.5

    _double = _float

    def _timestamp(self, shape, name, number):
        return 1767323045 + 86400 * number

    def _blob(self, shape, name, number):
        return "YmxvYg=="

    def _string(self, shape, name, number):
        enum = getattr(shape, "enum", None)
        if enum:
            return enum[min(number, len(enum) - 1)]
        if name.lower().endswith("arn"):
            return "arn:aws:x:us-east-1:123456789012:%s/%d" % (name.lower(), number)
        if getattr(shape, "serialization", {}).get("jsonvalue"):
            return '{"a": 1}'
        choices = ["%s-%d", "%s %d", "ünïcode %s %d", "%s: %d", "[%s %d]"]
        return choices[len(name) % len(choices)] % (name, number)


def http_date(value):
    import datetime

    when = datetime.datetime.fromtimestamp(value, datetime.timezone.utc)
    return when.strftime("%a, %d %b %Y %H:%M:%S GMT")


def iso_date(value):
    import datetime

    when = datetime.datetime.fromtimestamp(value, datetime.timezone.utc)
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


def to_json(shape, value, cbor=False):
    kind = shape.type_name
    if kind == "structure":
        if not isinstance(value, dict) or getattr(shape, "is_document_type", False):
            return value
        return {
            shape.members[name].serialization.get("name", name): to_json(shape.members[name], item)
            for name, item in value.items()
            if name in shape.members
        }
    if kind == "list":
        return [to_json(shape.member, item) for item in value]
    if kind == "map":
        return {key: to_json(shape.value, item) for key, item in value.items()}
    if kind == "timestamp":
        style = shape.serialization.get("timestampFormat", "unixTimestamp")
        return {"iso8601": iso_date, "rfc822": http_date}.get(style, lambda v: v)(value)
    return value


def scalar_text(shape, value, default="iso8601"):
    if shape.type_name == "timestamp":
        style = shape.serialization.get("timestampFormat", default)
        return {"iso8601": iso_date, "rfc822": http_date}.get(style, str)(value)
    if shape.type_name == "boolean":
        return "true" if value else "false"
    return str(value)


def to_xml(shape, value, name, flat_parent=False):
    escape = xml.sax.saxutils.escape
    kind = shape.type_name
    if kind == "structure":
        inner = ""
        attributes = ""
        for member, item in value.items() if isinstance(value, dict) else []:
            target = shape.members[member]
            if target.serialization.get("xmlAttribute"):
                attribute = target.serialization.get("name", member)
                namespace = ""
                if ":" in attribute:
                    prefix = attribute.split(":")[0]
                    namespace = ' xmlns:%s="http://www.w3.org/2001/XMLSchema-instance"' % prefix
                attributes += '%s %s="%s"' % (namespace, attribute, escape(str(item)))
                continue
            wire = target.serialization.get("name", member)
            inner += to_xml(target, item, wire)
        return "<%s%s>%s</%s>" % (name, attributes, inner, name)
    if kind == "list":
        if shape.serialization.get("flattened"):
            element = shape.member.serialization.get("name", name)
            return "".join(to_xml(shape.member, item, element) for item in value)
        element = shape.member.serialization.get("name", "member")
        inner = "".join(to_xml(shape.member, item, element) for item in value)
        return "<%s>%s</%s>" % (name, inner, name)
    if kind == "map":
        key_name = shape.key.serialization.get("name", "key")
        value_name = shape.value.serialization.get("name", "value")
        flat = shape.serialization.get("flattened")
        element = name if flat else "entry"
        inner = "".join(
            "<%s>%s%s</%s>"
            % (element, to_xml(shape.key, key, key_name), to_xml(shape.value, item, value_name), element)
            for key, item in value.items()
        )
        return inner if flat else "<%s>%s</%s>" % (name, inner, name)
    return "<%s>%s</%s>" % (name, escape(scalar_text(shape, value)), name)


def to_cbor(shape, value):
    import struct

    def head(major, number):
        if number < 24:
            return bytes([major << 5 | number])
        if number < 256:
            return bytes([major << 5 | 24, number])
        if number < 65536:
            return bytes([major << 5 | 25]) + number.to_bytes(2, "big")
        return bytes([major << 5 | 26]) + number.to_bytes(4, "big")

    def text(string):
        encoded = string.encode()
        return head(3, len(encoded)) + encoded

    kind = shape.type_name
    if kind == "structure":
        pairs = [
            text(shape.members[name].serialization.get("name", name)) + to_cbor(shape.members[name], item)
            for name, item in value.items()
        ]
        return head(5, len(pairs)) + b"".join(pairs)
    if kind == "list":
        return head(4, len(value)) + b"".join(to_cbor(shape.member, item) for item in value)
    if kind == "map":
        pairs = [text(key) + to_cbor(shape.value, item) for key, item in value.items()]
        return head(5, len(pairs)) + b"".join(pairs)
    if kind == "boolean":
        return b"\xf5" if value else b"\xf4"
    if kind in ("integer", "long"):
        return head(0, value)
    if kind in ("float", "double"):
        return b"\xfb" + struct.pack(">d", value)
    if kind == "timestamp":
        return b"\xc1" + head(0, value)
    if kind == "blob":
        return head(2, 4) + b"blob"
    return text(value)


def sample_response(operation, paginators):
    """Returns status, headers and body of a response with a sample of the output."""
    metadata = operation.service_model.metadata
    protocol = operation.service_model.resolved_protocol
    headers = {"x-amzn-RequestId": "r-1"}
    shape = operation.output_shape
    skipped = set()
    try:
        pages = paginators.get_paginator(operation.name)
        for key in ("output_token", "more_results"):
            names = pages.get(key, [])
            for name in names if isinstance(names, list) else [names]:
                skipped.update(part.strip() for part in name.split("||"))
    except (ValueError, AttributeError):
        pass
    value = Sample(operation, skipped).value(shape) if shape is not None else {}
    if protocol in ("json",):
        headers["Content-Type"] = "application/x-amz-json-%s" % metadata.get("jsonVersion", "1.0")
        return 200, headers, json.dumps(to_json(shape, value) if shape is not None else {}).encode()
    if protocol == "smithy-rpc-v2-cbor":
        headers["Content-Type"] = "application/cbor"
        headers["smithy-protocol"] = "rpc-v2-cbor"
        return 200, headers, to_cbor(shape, value) if shape is not None else b"\xa0"
    if protocol in ("query", "ec2"):
        headers["Content-Type"] = "text/xml"
        name = operation.name
        if shape is None:
            return 200, headers, b"<%sResponse/>" % name.encode()
        if protocol == "ec2":
            body = to_xml(shape, value, name + "Response")
        else:
            wrapper = shape.serialization.get("resultWrapper", name + "Result")
            inner = to_xml(shape, value, wrapper)
            body = (
                "<%sResponse>%s<ResponseMetadata><RequestId>r-1</RequestId></ResponseMetadata></%sResponse>"
                % (name, inner, name)
            )
        return 200, headers, body.encode()
    # REST protocols
    status = operation.http.get("responseCode", 200)
    is_xml = protocol == "rest-xml"
    headers["Content-Type"] = "application/xml" if is_xml else "application/json"
    if shape is None:
        return status, headers, b""
    payload = shape.serialization.get("payload")
    body_value = {}
    for name, item in value.items():
        target = shape.members[name]
        location = target.serialization.get("location")
        wire = target.serialization.get("name", name)
        if wire.lower() == "content-length":
            continue
        if location == "header":
            if target.type_name == "list":
                headers[wire] = ",".join(scalar_text(target.member, one, "rfc822") for one in item)
            elif target.serialization.get("jsonvalue"):
                headers[wire] = base64.b64encode(str(item).encode()).decode()
            else:
                text = scalar_text(target, item, "rfc822")
                headers[wire] = text.encode("ascii", "replace").decode().replace("?", "u")
        elif location == "headers":
            for key, one in item.items():
                headers[wire + key.replace(" ", "-").replace(":", "").replace("[", "").replace("]", "")] = "v"
        elif location == "statusCode":
            pass
        else:
            body_value[name] = item
    if payload:
        target = shape.members[payload]
        if target.serialization.get("streaming") or target.type_name == "blob":
            return status, headers, b"streamed body\n"
        if target.type_name == "string":
            return status, headers, value[payload].encode()
        if is_xml:
            wire = target.serialization.get("name", payload)
            return status, headers, to_xml(target, value[payload], wire).encode()
        return status, headers, json.dumps(to_json(target, value[payload])).encode()
    if is_xml:
        name = shape.serialization.get("name", operation.name + "Result")
        return status, headers, to_xml(shape, body_value, name).encode()
    return status, headers, json.dumps(to_json(shape, body_value)).encode()


class RawBody:
    def __init__(self, body):
        self.body = body
        self.position = 0

    def stream(self, **kwargs):
        data = self.read()
        if data:
            yield data

    def read(self, amt=None):
        end = len(self.body) if amt is None else self.position + amt
        data = self.body[self.position : end]
        self.position += len(data)
        return data

    def close(self):
        pass


def body_bytes(body):
    if body is None:
        return b""
    if isinstance(body, str):
        return body.encode()
    if hasattr(body, "read"):
        return body.read()
    return bytes(body)


def run(case, record, driver=None):
    """Runs the command in this process."""
    canned = list(case.get("responses") or [])
    if driver is None:
        driver = clidriver.create_clidriver()
    session = driver.session
    models = {}

    def before_send(request, event_name, **kwargs):
        _, service_id, name = event_name.split(".", 2)
        operation = models[name]
        if canned:
            status, headers, body = canned.pop(0)
            body = body.encode()
        else:
            try:
                pages = session.get_paginator_model(operation.service_model.service_name)
            except Exception:
                pages = None
            status, headers, body = sample_response(operation, pages)
        record.append(
            {
                "operation": name,
                "method": request.method,
                "url": request.url,
                "headers": {
                    key: value.decode("latin-1") if isinstance(value, bytes) else str(value)
                    for key, value in request.headers.items()
                },
                "body": base64.b64encode(body_bytes(request.body)).decode(),
                "response": [status, headers, base64.b64encode(body).decode()],
            }
        )
        if body and request.method != "HEAD":
            # The proxy adds the length to the recorded response, too.
            headers = {**headers, "Content-Length": str(len(body))}
        return AWSResponse(request.url, status, headers, RawBody(body))

    def before_call(model, **kwargs):
        models[model.name] = model

    session.register("before-call", before_call)
    session.register("before-send", before_send)
    try:
        return driver.main(case["args"])
    except SystemExit as error:
        return error.code if isinstance(error.code, int) else 1


def fresh(folder):
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)


def execute(case, folder, driver):
    """Forks, runs the case, and returns its result. The driver is that of the plain configuration."""
    fresh(folder)
    work = os.path.join(folder, "work")
    os.makedirs(work)
    for name, contents in (case.get("files") or {}).items():
        with open(os.path.join(work, name), "wb") as file:
            file.write(base64.b64decode(contents))
    paths = {name: os.path.join(folder, name) for name in ("stdout", "stderr", "stdin", "record")}
    with open(paths["stdin"], "w") as file:
        file.write(case.get("stdin") or "")
    child = os.fork()
    if child == 0:
        code = 255
        try:
            signal.alarm(60)
            os.chdir(work)
            for name, value in (case.get("env") or {}).items():
                # An empty variable is not set.
                os.environ.pop(name, None)
                if value:
                    os.environ[name] = value
            for descriptor, name, flags in (
                (0, "stdin", os.O_RDONLY),
                (1, "stdout", os.O_WRONLY | os.O_CREAT),
                (2, "stderr", os.O_WRONLY | os.O_CREAT),
            ):
                opened = os.open(paths[name], flags)
                os.dup2(opened, descriptor)
            sys.stdin = open(0, closefd=False)
            sys.stdout = open(1, "w", closefd=False)
            sys.stderr = open(2, "w", closefd=False)
            record = []
            try:
                code = run(case, record, driver)
            except BaseException as error:
                sys.stderr.write("uncaught %r" % error)
            sys.stdout.flush()
            sys.stderr.flush()
            with open(paths["record"], "w") as file:
                json.dump(record, file)
        finally:
            os._exit((code or 0) & 255)
    _, status = os.waitpid(child, 0)

    def contents(path):
        try:
            with open(path, "rb") as file:
                return file.read()
        except OSError:
            return b""

    files = {}
    for name in sorted(os.listdir(work)):
        path = os.path.join(work, name)
        if os.path.isfile(path) and name not in (case.get("files") or {}):
            files[name] = base64.b64encode(contents(path)).decode()
    return {
        "id": case["id"],
        "status": os.WEXITSTATUS(status) if os.WIFEXITED(status) else -1,
        "stdout": base64.b64encode(contents(paths["stdout"])).decode(),
        "stderr": base64.b64encode(contents(paths["stderr"])).decode(),
        "exchanges": json.loads(contents(paths["record"]) or b"[]"),
        "files": files,
    }


class Drivers:
    """Drivers with loaded definitions and built command tables, which forked processes share."""

    def __init__(self):
        self.driver = None
        self.service = None

    def of(self, words):
        service = next((word for word in words if not word.startswith("-")), None)
        if self.driver is None or service != self.service:
            if len(_loaded) > 60:
                _loaded.clear()
            self.driver = clidriver.create_clidriver()
            self.service = service
            self.preload(service)
            gc.collect()
            gc.freeze()
        return self.driver

    def preload(self, service):
        try:
            session = self.driver.session
            for data in ("endpoints", "partitions", "_retry", "sdk-default-configuration", "cli"):
                session.get_data(data)
            command = self.driver._get_command_table()[service]
            command._get_command_table()
            loader = session.get_component("data_loader")
            for kind in ("paginators-1", "waiters-2", "endpoint-rule-set-1"):
                loader.load_service_model(command._service_name, kind)
        except Exception:
            pass


def main():
    folder = sys.argv[1]
    drivers = Drivers()
    for line in sys.stdin:
        case = json.loads(line)
        driver = None if case.pop("fresh", False) else drivers.of(case["args"])
        sys.stdout.write(json.dumps(execute(case, folder, driver)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
