"""Event stream frames of botocore.

With JSON as the argument, the request's `authorization` and its `body` in hexadecimal: reads the frames and verifies their signatures with
botocore's key derivation. Prints the events: type, content type and payload of each, and an empty list for the end frame.

With `cases FILE`, botocore's `test_eventstream.py`: prints the frames of its tests, those that are valid with their headers and payload.
"""

import datetime
import hashlib
import json
import re
import runpy
import struct
import sys
import unittest.mock

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.eventstream import EventStreamBuffer


def messages(data):
    buffer = EventStreamBuffer()
    buffer.add_data(data)
    return list(buffer)


def cases(path):
    for name in ["pytest", "tests"]:
        sys.modules[name] = unittest.mock.MagicMock()
    module = runpy.run_path(path)

    def value(header):
        return {"hex": header.hex()} if isinstance(header, bytes) else header

    valid = [
        {
            "frame": frame.hex(),
            "headers": {name: value(header) for name, header in message.headers.items()},
            "payload": message.payload.hex(),
        }
        for frame, message in module["POSITIVE_CASES"]
    ]
    invalid = [case[0].hex() for case in module["NEGATIVE_CASES"]]
    print(json.dumps({"valid": valid, "invalid": invalid}))


def main():
    if sys.argv[1] == "cases":
        return cases(sys.argv[2])
    job = json.loads(sys.argv[1])
    credential, previous = re.search(
        r"Credential=([^,]+), .*Signature=([0-9a-f]+)", job["authorization"]
    ).groups()
    _, date, region, service, _ = credential.split("/")
    auth = SigV4Auth(Credentials("AKIDEXAMPLE", "secret"), service, region)
    events = []
    for frame in messages(bytes.fromhex(job["body"])):
        millis = frame.headers[":date"]
        moment = datetime.datetime.fromtimestamp(millis / 1000, datetime.timezone.utc)
        stamp = moment.strftime("%Y%m%dT%H%M%SZ")
        assert stamp[:8] == date, (stamp, date)
        header = b"\x05:date\x08" + struct.pack(">q", millis)
        text = "\n".join(
            [
                "AWS4-HMAC-SHA256-PAYLOAD",
                stamp,
                credential.split("/", 1)[1],
                previous,
                hashlib.sha256(header).hexdigest(),
                hashlib.sha256(frame.payload).hexdigest(),
            ]
        )
        request = AWSRequest(method="POST", url="https://example.com/")
        request.context["timestamp"] = stamp
        previous = auth.signature(text, request)
        assert frame.headers[":chunk-signature"].hex() == previous, "the chain is broken"
        inner = messages(frame.payload)
        events.append([])
        for message in inner:
            headers = message.headers
            assert headers[":message-type"] == "event", headers
            payload = message.payload.decode()
            events[-1] = [headers[":event-type"], headers[":content-type"], payload]
    print(json.dumps(events))


main()
