#!/usr/bin/env python3
"""The cross-SDK serialization benchmark for botocore: serde.py DIR [REPS] [OUT]

The same work, on the same cases, as the program `serde` does: parameters to method, URI, headers and body; status, headers and body to
a value. No validation, endpoint, signature or network.
"""

import base64
import json
import pathlib
import platform
import statistics
import sys
import time

import botocore
from botocore import model, parsers, serialize
from botocore.awsrequest import HeadersDict

folder = pathlib.Path(sys.argv[1])
reps = int(sys.argv[2]) if len(sys.argv) > 2 else 200
out = sys.argv[3] if len(sys.argv) > 3 else None
services = {}


def service(format):
    if format not in services:
        definition = json.loads((folder / f"{format}.service-2.json").read_text())
        services[format] = model.ServiceModel(definition, format)
    return services[format]


def params(shape, value):
    """Converts parameters by shape: blobs are strings of their bytes."""
    match shape.type_name:
        case "structure" if value is not None:
            return {name: params(shape.members[name], item) for name, item in value.items()}
        case "list":
            return [params(shape.member, item) for item in value]
        case "map":
            return {name: params(shape.value, item) for name, item in value.items()}
        case "blob":
            return value.encode()
    return value


def measure(id, work):
    work()
    samples = []
    for _ in range(reps):
        started = time.perf_counter_ns()
        work()
        samples.append(time.perf_counter_ns() - started)
    samples.sort()

    def percentile(part):
        return samples[round((len(samples) - 1) * part)]

    return {"id": id, "n": reps, "mean": statistics.fmean(samples), "p50": percentile(0.5), "p90": percentile(0.9),
            "p95": percentile(0.95), "p99": percentile(0.99), "std_dev": statistics.pstdev(samples)}


def unescape_quotes(body):
    """Repairs two published bodies whose quotes are escaped twice, which makes them invalid JSON."""
    try:
        body.startswith("{") and json.loads(body)
        return body
    except ValueError:
        return body.replace('\\\\"', '\\"')


def parse_function(operation, format, response):
    parser = parsers.create_parser(format)
    return lambda: parser.parse(dict(response), operation.output_shape)


rows = []
for case in json.loads((folder / "cases.json").read_text()):
    of = service(case["protocol"])
    operation, format = of.operation_model(case["operation"]), of.metadata["protocol"]
    if case["direction"] == "request":
        serializer = serialize.create_serializer(format, include_validation=False)
        parameters = params(operation.input_shape, case.get("params") or {}) if operation.input_shape else {}
        rows.append(measure(case["id"], lambda: serializer.serialize_to_request(parameters, operation)))
        continue
    body = case.get("body", "")
    body = base64.b64decode(body) if case["protocol"] == "rpcv2Cbor" else unescape_quotes(body).encode()
    response = {"headers": HeadersDict(case.get("headers", {})), "status_code": case["code"], "body": body, "context": {}}
    rows.append(measure(case["id"], parse_function(operation, format, response)))
    if case["id"].endswith("_L") and body.startswith(b"{") and b"\n" in body:
        minified = json.dumps(json.loads(body), separators=(",", ":"), ensure_ascii=False).encode()
        rows.append(measure(case["id"] + "_minified", parse_function(operation, format, {**response, "body": minified})))

report = {
    "metadata": {"lang": "python", "software": [["botocore", botocore.__version__], ["python", platform.python_version()]],
                 "os": platform.system().lower(), "instance": platform.machine(), "precision": "-9"},
    "serde_benchmarks": rows,
}
text = json.dumps(report, indent=1)
pathlib.Path(out).write_text(text) if out else print(text)
