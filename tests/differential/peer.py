"""The botocore peer of the differential test: serializes requests and parses responses.

Reads one job per line on standard input and writes one result per line on standard output, both as JSON:

    -> {"service": "sqs", "region": "us-east-1", "operation": "SendMessage", "params": {..},
        "response": {"status": 200, "headers": [["content-type", "application/json"]], "body": BLOB}}
    <- {"requests": [{"method": .., "url": .., "headers": [[name, value]], "body": BLOB}], OUTCOME}
    -> {"names": ["ListQueues"]}
    <- {"snake": ["list_queues"]}

OUTCOME is "output": the parsed output, or "error": {"class": .., "response": ..} for a service error, or "failure":
{"class": .., "message": .., "paths": [..]} for any other error, with the paths of the rejected parameters.

Values that JSON cannot represent are objects with one key that begins with a NUL: a blob {"\\0blob": base64}, a timestamp
{"\\0time": microseconds since 1970}, a float {"\\0float": "NaN"}, an event stream {"\\0events": [..]}.

Nothing is sent: a handler intercepts each request and returns the job's response. The clock is fixed, and every UUID is
the same one.
"""

import base64
import datetime
import io
import json
import math
import sys
import time
import types
import uuid

import botocore
import botocore.auth
import botocore.awsrequest
import botocore.config
import botocore.exceptions
import botocore.session
import botocore.signers
import botocore.tokens
import botocore.utils
import botocore.validate
from botocore.eventstream import EventStream
from botocore.response import StreamingBody

# As in tests/differential/exchange.rs.
NOW = datetime.datetime(2026, 1, 2, 3, 4, 5)
UUID = uuid.UUID('5a5a5a5a-5a5a-4a5a-9a5a-5a5a5a5a5a5a')
ACCESS_KEY, SECRET_KEY, TOKEN = 'AKIDEXAMPLE', 'secret', 'token'
ACCOUNT = '123456789012'
# Response to endpoint discovery operations other than the job's own.
ENDPOINTS = b'{"Endpoints":[{"Address":"discovered.example.com","CachePeriodInMinutes":60}]}'

# Maximum number of requests per call, not counting endpoint discovery.
MAX_REQUESTS = 5

EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
MICROSECOND = datetime.timedelta(microseconds=1)


def stop_time():
    def now(remove_tzinfo=True):
        return NOW if remove_tzinfo else NOW.replace(tzinfo=datetime.timezone.utc)

    for module in list(sys.modules.values()):
        if module.__name__.startswith('botocore') and hasattr(module, 'get_current_datetime'):
            module.get_current_datetime = now
    # SigV2 reads its own clock.
    seconds = (NOW - datetime.datetime(1970, 1, 1)).total_seconds()
    botocore.auth.time = types.SimpleNamespace(
        gmtime=lambda: time.gmtime(seconds), strftime=time.strftime, time=lambda: seconds
    )
    uuid.uuid4 = lambda: UUID


# Tagged values


def untag(entries):
    if len(entries) == 1:
        ((name, value),) = entries.items()
        if name == '\0blob':
            return base64.b64decode(value)
        if name == '\0time':
            return EPOCH + datetime.timedelta(microseconds=value)
        if name == '\0float':
            return float(value)
    return entries


def tag(value):
    """Returns the tagged form of a value that JSON cannot represent."""
    if isinstance(value, datetime.datetime):
        if value.tzinfo is None:
            value = value.replace(tzinfo=datetime.timezone.utc)
        return {'\0time': (value - EPOCH) // MICROSECOND}
    if isinstance(value, (bytes, bytearray)):
        return {'\0blob': base64.b64encode(value).decode('ascii')}
    if isinstance(value, StreamingBody):
        return tag(value.read())
    if isinstance(value, EventStream):
        return {'\0events': events(value)}
    # A bug of botocore's, which is reported as a difference.
    return {'\0other': repr(value)}


def events(stream):
    collected = []
    try:
        for event in stream:
            collected.append(event)
    except botocore.exceptions.EventStreamError as error:
        collected.append({'\0error': error.response.get('Error', {})})
    return collected


def tag_floats(value):
    """Returns a copy with tagged special floats."""
    if isinstance(value, float) and not math.isfinite(value):
        return {'\0float': repr(value)}
    if isinstance(value, dict):
        return {name: tag_floats(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [tag_floats(item) for item in value]
    if isinstance(value, EventStream):
        return {'\0events': tag_floats(events(value))}
    return value


def to_line(result):
    try:
        return json.dumps(result, default=tag, allow_nan=False)
    except ValueError as error:
        # Other ValueErrors are not about floats.
        if 'JSON compliant' not in str(error):
            raise
        return json.dumps(tag_floats(result), default=tag)


# The exchange


class Raw(io.BytesIO):
    """Body stream of a response."""

    def stream(self, **_):
        chunk = self.read()
        if chunk:
            yield chunk


class Report:
    """The paths of the parameters rejected by the last validation."""

    def __init__(self):
        self.paths = []
        validate = botocore.validate.ParamValidator.validate

        def recording(validator, params, shape):
            errors = validate(validator, params, shape)
            self.paths = [self.path(*error) for error in errors._errors]
            return errors

        botocore.validate.ParamValidator.validate = recording

    @staticmethod
    def path(reason, name, details):
        name = name.removeprefix('.')
        member = details.get('required_name', details.get('unknown_param'))
        if member is None:
            return name
        return f'{name}.{member}' if name else member


class Tokens:
    """Provides a constant bearer token."""

    def load_token(self, **_):
        return botocore.tokens.FrozenAuthToken('bearer-token')


class Peer:
    def __init__(self):
        self.report = Report()
        self.session = botocore.session.Session()
        self.session.set_credentials(ACCESS_KEY, SECRET_KEY, TOKEN, ACCOUNT)
        self.session.register_component('token_provider', Tokens())
        self.config = botocore.config.Config(retries={'total_max_attempts': 1, 'mode': 'standard'})
        self.loader = self.session.get_component('data_loader')
        self.session.create_client('sts', region_name='us-east-1', config=self.config)
        # The client and its model are freed after each service to limit memory.
        self.loaded = dict(self.loader._cache)
        self.client, self.of = None, None
        self.requests, self.job, self.tries = [], None, 0

    def run(self, job):
        if 'names' in job:
            return {'snake': [botocore.xform_name(name) for name in job['names']]}
        self.requests, self.job, self.tries = [], job, 0
        self.report.paths = []
        outcome = self.call(job)
        return {'requests': self.requests, **outcome}

    def call(self, job):
        try:
            client = self.client_of(job['service'], job['region'])
            output = client._make_api_call(job['operation'], job['params'])
            strip(output)
            # Streams are read here, so that their errors count as the call's.
            for name, value in output.items():
                if isinstance(value, StreamingBody):
                    output[name] = value.read()
                elif isinstance(value, EventStream):
                    output[name] = {'\0events': events(value)}
            return {'output': output}
        except botocore.exceptions.ClientError as error:
            strip(error.response)
            return {'error': {'class': type(error).__name__, 'response': error.response}}
        except Exception as error:
            return {'failure': {'class': type(error).__name__, 'message': str(error)[:2000], 'paths': self.report.paths}}

    def client_of(self, service, region):
        if self.of != (service, region):
            self.client, self.of = None, None
            self.loader._cache = dict(self.loaded)
            self.client = self.session.create_client(service, region_name=region, config=self.config)
            self.client.meta.events.register('before-send', self.send)
            self.of = (service, region)
        return self.client

    def send(self, request, event_name, **_):
        # Some responses cause a retry; the same response is returned each time.
        is_discovery = event_name.endswith('.DescribeEndpoints') and self.job['operation'] != 'DescribeEndpoints'
        if self.tries >= MAX_REQUESTS and not is_discovery:
            raise RuntimeError('too many requests')
        body = request.body
        if body is None:
            body = b''
        elif isinstance(body, str):
            body = body.encode('utf-8')
        elif hasattr(body, 'read'):
            body = body.read()
        self.requests.append(
            {
                'method': request.method,
                'url': request.url,
                'headers': [[name, text(value)] for name, value in request.headers.items()],
                'body': bytes(body),
            }
        )
        if is_discovery:
            return botocore.awsrequest.AWSResponse(request.url, 200, {}, Raw(ENDPOINTS))
        self.tries += 1
        response = self.job['response']
        headers = botocore.awsrequest.HeadersDict()
        for name, value in response['headers']:
            headers[name] = value
        return botocore.awsrequest.AWSResponse(request.url, response['status'], headers, Raw(response['body']))


def text(value):
    return value.decode('utf-8') if isinstance(value, bytes) else str(value)


def strip(output):
    """Keeps only the metadata that is compared."""
    metadata = output.get('ResponseMetadata')
    if metadata is not None:
        for name in ('HTTPHeaders', 'RetryAttempts', 'MaxAttemptsReached'):
            metadata.pop(name, None)


def main():
    stop_time()
    peer = Peer()
    lines, output = sys.stdin.buffer, sys.stdout.buffer
    for line in lines:
        line_out = to_line(peer.run(json.loads(line, object_hook=untag)))
        output.write(line_out.encode('ascii') + b'\n')
        output.flush()


if __name__ == '__main__':
    main()
