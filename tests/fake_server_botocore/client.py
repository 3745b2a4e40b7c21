"""Calls the fake server with botocore: one JSON array of [service, operation, parameters] a line in, one JSON object a line out."""

import base64
import datetime
import json
import sys

import botocore.session
from botocore.config import Config
from botocore.exceptions import ClientError


def plain(value):
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, datetime.datetime):
        return int(value.timestamp())
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if hasattr(value, "read"):
        return base64.b64encode(value.read()).decode()
    return value


session = botocore.session.Session()
session.set_credentials("AKIDEXAMPLE", "secret")
config = Config(retries={"total_max_attempts": 1}, region_name="us-east-1")
for line in sys.stdin:
    service, operation, parameters = json.loads(line)
    client = session.create_client(service, endpoint_url=sys.argv[1], config=config)
    method = {client.meta.method_to_api_mapping[name]: name for name in client.meta.method_to_api_mapping}[operation]
    try:
        output = getattr(client, method)(**parameters)
        output.pop("ResponseMetadata")
        result = {"output": plain(output)}
    except ClientError as error:
        metadata = error.response["ResponseMetadata"]
        result = {
            "code": error.response["Error"]["Code"],
            "message": error.response["Error"]["Message"],
            "status": metadata["HTTPStatusCode"],
        }
    print(json.dumps(result), flush=True)
