#!/usr/bin/env python3
"""botocore in the comparison: a plain client with responses from memory, through a `before-send` handler.

peer.py --fixtures DIR [--case SUBSTR] [--batches N] [--batch-ms MS] [--json FILE] [--dump DIR]

Parameter validation, checksums and the garbage collector are on, as by default; one attempt.
"""

import argparse
import base64
import datetime
import io
import json
import pathlib
import statistics
import time

import botocore
import botocore.awsrequest
import botocore.config
import botocore.session

UTC = datetime.timezone.utc


class Body(io.BytesIO):
    """Body stream of a response."""

    def stream(self, amt=65536, **_):
        while chunk := self.read(amt):
            yield chunk


class Peer:
    def __init__(self, options):
        self.options = options
        self.fixtures = pathlib.Path(options.fixtures)

    def json(self, name):
        return json.loads((self.fixtures / name).read_text())

    def untag(self, value):
        if isinstance(value, list):
            return [self.untag(item) for item in value]
        if not isinstance(value, dict):
            return value
        match value:
            case {"$base64": text}:
                return base64.b64decode(text)
            case {"$epoch": seconds}:
                return datetime.datetime.fromtimestamp(seconds, UTC)
            case {"$file": name}:
                return (self.fixtures / name).read_bytes()
        return {name: self.untag(item) for name, item in value.items()}

    def responder(self, case, format):
        """Returns a handler that reads the request to its end and returns the canned response."""
        reply = self.json(f"{case['name']}.response.json")
        reply = reply.get("by_protocol", {}).get(format, reply)
        body = (self.fixtures / reply["body"]).read_bytes()
        dumps = [self.options.dump] if self.options.dump else []

        def before_send(request, **_):
            sent = request.body
            if hasattr(sent, "read"):
                sent = b"".join(iter(lambda: request.body.read(65536), b""))
            if dumps:
                write_request(pathlib.Path(dumps.pop()) / case["name"], request, sent)
            headers = botocore.awsrequest.HeadersDict(reply["headers"])
            return botocore.awsrequest.AWSResponse(request.url, reply["status"], headers, Body(body))

        return before_send

    def call(self, case):
        """Returns a function that makes one call of a case, after checking its output."""
        config = botocore.config.Config(retries={"total_max_attempts": 1}, **case["client"])
        client = botocore.session.Session().create_client(
            case["service"],
            region_name="us-east-1",
            aws_access_key_id="AKIDEXAMPLE00000000",
            aws_secret_access_key="wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
            config=config,
        )
        format = client.meta.service_model.resolved_protocol
        client.meta.events.register("before-send", self.responder(case, format))
        operation = getattr(client, botocore.xform_name(case["operation"]))
        params = self.untag(self.json(f"{case['name']}.params.json"))
        streams = case["operation"] == "GetObject"

        def call():
            output = operation(**params)
            if streams:
                output["Body"].read()
            return output

        output = call()
        if not streams and case["operation"] != "PutObject":
            output.pop("ResponseMetadata")
            expected = self.untag(self.json(f"{case['name']}.expect.json"))
            assert output == expected, f"{case['name']}: unexpected output"
        return call

    def row(self, case):
        call = self.call(case)
        batch = self.options.batch_ms / 1000
        started, calls = time.perf_counter(), 0
        while time.perf_counter() - started < 2 * batch or calls < 2:
            call()
            calls += 1
        calls = max(1, int(batch * calls / (time.perf_counter() - started)))
        cpu, wall = [], []
        for _ in range(self.options.batches):
            started, cpu_started = time.perf_counter_ns(), time.process_time_ns()
            for _ in range(calls):
                call()
            cpu.append((time.process_time_ns() - cpu_started) / calls)
            wall.append((time.perf_counter_ns() - started) / calls)
        row = {"case": case["name"], "cpu_ns": statistics.median(cpu), "cpu_min": min(cpu), "cpu_max": max(cpu),
               "ns": statistics.median(wall), "calls_a_batch": calls, "batches": self.options.batches}
        print(f"{row['case']:40} CPU {row['cpu_ns']:>12.0f} ns per call ({row['cpu_min']:.0f} to {row['cpu_max']:.0f})", flush=True)
        return row


def write_request(stem, request, body):
    stem.parent.mkdir(parents=True, exist_ok=True)
    body = body.encode() if isinstance(body, str) else body or b""
    text = [value.decode() if isinstance(value, bytes) else value for value in request.headers.values()]
    lines = sorted(f"{name.lower()}: {value}\n" for name, value in zip(request.headers.keys(), text))
    head = f"{request.method} {request.url}\n{''.join(lines)}\n[body: {len(body)} bytes]\n"
    stem.with_name(stem.name + ".head.txt").write_text(head)
    stem.with_name(stem.name + ".body").write_bytes(body)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--fixtures", required=True)
    parser.add_argument("--case", default="")
    parser.add_argument("--batches", type=int, default=9)
    parser.add_argument("--batch-ms", type=float, default=150)
    parser.add_argument("--json")
    parser.add_argument("--dump")
    peer = Peer(parser.parse_args())
    cases = [case for case in peer.json("cases.json") if peer.options.case in case["name"]]
    rows = [peer.row(case) for case in cases]
    if peer.options.json:
        pathlib.Path(peer.options.json).write_text(json.dumps(rows, indent=1))


main()
