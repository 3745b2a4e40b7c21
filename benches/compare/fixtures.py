#!/usr/bin/env python3
"""Writes the fixtures of the comparison into a folder: python fixtures.py FOLDER

For each case there are `<case>.params.json`, `<case>.response.json` (status, headers, and the name of the file with the body; if
the response depends on the wire format, one such object per format under `by_protocol`) and, unless the body is streamed,
`<case>.expect.json`, the parsed output. In parameters and expectations `{"$base64": text}` stands for bytes, `{"$epoch": seconds}`
for a timestamp and `{"$file": name}` for the contents of a file in the folder. `cases.json` lists the cases.

Every run writes the same bytes. The XML bodies follow the service definitions of botocore, whose parsers check each
response.
"""

import base64
import datetime
import hashlib
import json
import pathlib
import random
import struct
import sys
import zlib

import botocore.awsrequest
import botocore.parsers
import botocore.session

FOLDER = pathlib.Path(sys.argv[1])
UTC = datetime.timezone.utc
START = datetime.datetime(2026, 3, 1, 12, tzinfo=UTC)
DATE = "Fri, 20 Nov 2026 15:00:00 GMT"
ACCOUNT = "123456789012"
rng = random.Random(5)
session = botocore.session.get_session()
cases = []


# Strings of a given width.


def digits16(width):
    return f"{rng.getrandbits(4 * width):0{width}x}"


def request_id():
    return "-".join(digits16(width) for width in (8, 4, 4, 4, 12))


def sentence(width):
    nouns = "river stone cloud amber field north maple candle harbor winter signal copper".split()
    text = ""
    while len(text) < width:
        text += rng.choice(nouns) + " "
    return text[:width]


# Values as JSON and as XML.


def tagged(value):
    if isinstance(value, dict):
        return {name: tagged(item) for name, item in value.items()}
    if isinstance(value, list):
        return [tagged(item) for item in value]
    if isinstance(value, bytes):
        return {"$base64": base64.b64encode(value).decode()}
    if isinstance(value, datetime.datetime):
        return {"$epoch": int(value.timestamp())}
    return value


def wire_json(value):
    def plain(value):
        if isinstance(value, dict):
            return {name: plain(item) for name, item in value.items()}
        if isinstance(value, list):
            return [plain(item) for item in value]
        return base64.b64encode(value).decode() if isinstance(value, bytes) else value

    return json.dumps(plain(value), separators=(",", ":"), ensure_ascii=False).encode()


def element(shape, value, name, format):
    """Returns `value` as the element `name`, by the output shape of a query, EC2 or REST-XML operation."""
    kind = shape.type_name
    if kind == "structure":
        text = ""
        for member, child in shape.members.items():
            if member in value:
                location = child.serialization
                if child.type_name == "list" and location.get("flattened"):
                    text += "".join(element(child.member, item, location.get("name", member), format) for item in value[member])
                else:
                    text += element(child, value[member], location.get("name", member), format)
        if unknown := value.keys() - shape.members.keys():
            raise ValueError(f"{shape.name} has no {unknown}")
    elif kind == "list":
        item_name = shape.member.serialization.get("name", "item" if format == "ec2" else "member")
        text = "".join(element(shape.member, item, item_name, format) for item in value)
    elif kind == "boolean":
        text = str(value).lower()
    elif kind == "timestamp":
        text = value.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    else:
        text = str(value)
        for character, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;")):
            text = text.replace(character, entity)
    return f"<{name}>{text}</{name}>"


def output_shape(service, operation):
    return session.get_service_model(service).operation_model(operation).output_shape


# Responses.


def json_reply(body, checked=False):
    headers = {
        "Server": "Server",
        "Date": DATE,
        "Content-Type": "application/x-amz-json-1.0",
        "Content-Length": str(len(body)),
        "Connection": "keep-alive",
        "x-amzn-RequestId": request_id(),
    }
    if checked:
        headers["x-amz-crc32"] = str(zlib.crc32(body))
    return headers, body


def xml_reply(text, content_type="text/xml"):
    body = text.encode()
    headers = {
        "x-amzn-RequestId": request_id(),
        "Cache-Control": "no-cache, no-store",
        "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
        "Content-Type": content_type,
        "Content-Length": str(len(body)),
        "Date": DATE,
        "Server": "AmazonEC2",
    }
    return headers, body


def write_json(name, value):
    (FOLDER / name).write_text(json.dumps(value, indent=1))


def case(name, params, reply, expected=None, client=None, rows=None, by_format=None):
    """Writes a case; `reply` is headers and body, `by_format` has such a pair for each wire format if they differ."""
    service, operation = name.split(".")[:2]

    def response(headers, body, suffix=""):
        file = f"{name}{suffix}.body"
        (FOLDER / file).write_bytes(body)
        return {"status": 200, "headers": list(headers.items()), "body": file}

    described = response(*reply)
    for format, other in (by_format or {}).items():
        described.setdefault("by_protocol", {})[format] = response(*other, f".{format}")
    write_json(f"{name}.response.json", described)
    write_json(f"{name}.params.json", tagged(params))
    if expected is not None:
        write_json(f"{name}.expect.json", tagged(expected))
    cases.append({"name": name, "service": service, "operation": operation, "client": client or {},
                  "response_bytes": len(reply[1]), "rows": rows})


# The cases.


def sqs():
    message = sentence(200)
    output = {"MD5OfMessageBody": hashlib.md5(message.encode()).hexdigest(), "MessageId": request_id()}
    queue = f"https://sqs.us-east-1.amazonaws.com/{ACCOUNT}/bench-queue"
    case("sqs.SendMessage", {"QueueUrl": queue, "MessageBody": message}, json_reply(wire_json(output)), output)


def dynamodb_item(number):
    """Returns an item of 20 attributes of all types, about 1.2 KB as JSON."""

    def price():
        return f"{rng.randint(1, 9999)}.{rng.randint(0, 99):02}"

    def line():
        sku = f"sku-{rng.randint(0, 999999):06}"
        return {"M": {"sku": {"S": sku}, "qty": {"N": str(rng.randint(1, 9))}, "price": {"N": price()}}}

    place = {"M": {"lat": {"N": f"{rng.uniform(-90, 90):.5f}"}, "lon": {"N": f"{rng.uniform(-180, 180):.5f}"}}}
    moment = START + datetime.timedelta(minutes=number)
    return {
        "pk": {"S": "customer#000042"},
        "sk": {"S": f"order#{number:08}"},
        "id": {"S": request_id()},
        "status": {"S": rng.choice(["OPEN", "PAID", "SHIPPED", "CANCELLED"])},
        "createdAt": {"S": moment.strftime("%Y-%m-%dT%H:%M:%SZ")},
        "updatedAt": {"N": str(int(moment.timestamp()))},
        "total": {"N": price()},
        "count": {"N": str(rng.randint(1, 99))},
        "active": {"BOOL": rng.random() < 0.5},
        "deleted": {"BOOL": False},
        "parent": {"NULL": True},
        "digest": {"B": rng.randbytes(32)},
        "labels": {"SS": ["blue", "green", f"label-{number % 17}"]},
        "scores": {"NS": ["1", "2.5", str(10 + number)]},
        "thumbs": {"BS": [rng.randbytes(8), rng.randbytes(8)]},
        "email": {"S": f"user{number}@example.com"},
        "description": {"S": sentence(160) + ' "quoted" \u00e9\u00e8 \\ end'},
        "address": {"M": {"street": {"S": f"{rng.randint(1, 999)} Main Street"}, "city": {"S": "Springfield"},
                          "zip": {"N": str(rng.randint(10000, 99999))}, "geo": place}},
        "lines": {"L": [line() for _ in range(4)]},
        "history": {"L": [{"S": "created"}, {"N": str(rng.randint(0, 9))}, {"BOOL": True}]},
    }


def dynamodb():
    item = dynamodb_item(1)
    key = {name: item[name] for name in ("pk", "sk")}
    case("dynamodb.PutItem", {"TableName": "bench-table", "Item": item}, json_reply(b"{}", True), {})
    output = {"Item": item}
    case("dynamodb.GetItem", {"TableName": "bench-table", "Key": key, "ConsistentRead": True},
         json_reply(wire_json(output), True), output)
    items, size = [], 0
    while size < 1_000_000:
        items.append(dynamodb_item(len(items) + 1))
        size += len(wire_json(items[-1])) + 1
    last = {name: items[-1][name] for name in ("pk", "sk")}
    output = {"Items": items, "Count": len(items), "ScannedCount": len(items), "LastEvaluatedKey": last}
    params = {
        "TableName": "bench-table",
        "KeyConditionExpression": "pk = :p AND begins_with(sk, :s)",
        "ExpressionAttributeValues": {":p": {"S": "customer#000042"}, ":s": {"S": "order#"}},
        "Limit": 1000,
    }
    case("dynamodb.Query", params, json_reply(wire_json(output), True), output, rows=len(items))


def s3():
    common = {"x-amz-id-2": digits16(76), "x-amz-request-id": digits16(16).upper(), "Date": DATE, "Server": "AmazonS3"}
    contents = [
        {
            "Key": f"logs/2026/03/{1 + number % 28:02}/part-{number:05} & more/{digits16(12)}.json.gz",
            "LastModified": START + datetime.timedelta(seconds=61 * number),
            "ETag": f'"{digits16(32)}"',
            "ChecksumAlgorithm": ["CRC64NVME"],
            "ChecksumType": "FULL_OBJECT",
            "Size": rng.randint(100, 10**9),
            "StorageClass": rng.choice(["STANDARD", "STANDARD_IA", "GLACIER"]),
        }
        for number in range(1000)
    ]
    prefix = "logs/2026/03/"
    output = {"IsTruncated": True, "Contents": contents, "Name": "bench-bucket", "Prefix": prefix, "MaxKeys": 1000,
              "KeyCount": 1000, "NextContinuationToken": "1" + digits16(80)}
    document = element(output_shape("s3", "ListObjectsV2"), output, "ListBucketResult", "rest-xml")
    namespace = '<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
    document = '<?xml version="1.0" encoding="UTF-8"?>\n' + document.replace("<ListBucketResult>", namespace, 1)
    body = document.encode()
    headers = {**common, "x-amz-bucket-region": "us-east-1", "Content-Type": "application/xml", "Content-Length": str(len(body))}
    case("s3.ListObjectsV2", {"Bucket": "bench-bucket", "Prefix": prefix, "MaxKeys": 1000}, (headers, body), output, rows=1000)

    blob = rng.randbytes(64 * 1024)
    (FOLDER / "blob-64k.bin").write_bytes(blob)
    checksum = {"x-amz-checksum-crc32": base64.b64encode(struct.pack(">I", zlib.crc32(blob))).decode(),
                "x-amz-checksum-type": "FULL_OBJECT"}
    stored = {"ETag": f'"{hashlib.md5(blob).hexdigest()}"', "x-amz-server-side-encryption": "AES256"}
    download_headers = {**common, **stored, "Last-Modified": "Sun, 01 Mar 2026 12:00:00 GMT", "x-amz-version-id": "null",
           "Accept-Ranges": "bytes", "Content-Type": "binary/octet-stream", "Content-Length": str(len(blob)),
           "x-amz-meta-owner": "bench", "x-amz-meta-run": "42"}
    put = {**common, **stored, "Content-Length": "0"}
    location = {"Bucket": "bench-bucket", "Key": "data/blob 64k.bin"}
    upload = {**location, "ContentType": "application/octet-stream", "Metadata": {"owner": "bench", "run": "42"},
            "Body": {"$file": "blob-64k.bin"}}
    required = {"request_checksum_calculation": "when_required", "response_checksum_validation": "when_required"}
    case("s3.GetObject", location, ({**download_headers, **checksum}, blob))
    case("s3.GetObject.when_required", location, (download_headers, blob), client=required)
    case("s3.PutObject", upload, ({**put, **checksum}, b""))
    case("s3.PutObject.when_required", upload, (put, b""), client=required)


def tags(number, count):
    pairs = {
        "Name": f"web-{number:05}",
        "Environment": rng.choice(["prod", "stage", "dev"]),
        "Team": "platform & infra",
        "CostCenter": str(rng.randint(1000, 9999)),
        "aws:autoscaling:groupName": f"asg-{number % 20}",
        "ManagedBy": "terraform",
        "Owner": "ops@example.com",
        "Release": f"2026.{number % 12 + 1}.{number % 28}",
    }
    return [{"Key": name, "Value": value} for name, value in list(pairs.items())[:count]]


def instance(number, launch):
    """Returns an instance with 43 members, two volumes and one network interface: about 5 KB as XML."""

    def resource(kind):
        return f"{kind}-{digits16(17)}"

    vpc, subnet = resource("vpc"), resource("subnet")
    private = f"10.0.{number // 250 % 250}.{number % 250 + 4}"
    public = f"54.{number % 200}.{number // 7 % 250}.{number % 250}"
    public_name = f"ec2-{public.replace('.', '-')}.compute-1.amazonaws.com"
    private_name = f"ip-{private.replace('.', '-')}.ec2.internal"
    groups = [{"GroupName": "web-sg", "GroupId": resource("sg")}, {"GroupName": "common-sg", "GroupId": resource("sg")}]
    association = {"PublicIp": public, "PublicDnsName": public_name, "IpOwnerId": "amazon"}
    attached = {"Status": "attached", "AttachTime": launch, "DeleteOnTermination": True}
    address = {"PrivateIpAddress": private, "PrivateDnsName": private_name, "Primary": True, "Association": association}
    interface = {
        "NetworkInterfaceId": resource("eni"), "SubnetId": subnet, "VpcId": vpc, "Description": "", "OwnerId": ACCOUNT,
        "Status": "in-use", "MacAddress": "0a:" + ":".join(digits16(2) for _ in range(5)), "PrivateIpAddress": private,
        "PrivateDnsName": private_name, "SourceDestCheck": True, "Groups": groups, "InterfaceType": "interface",
        "Attachment": {"AttachmentId": resource("eni-attach"), "DeviceIndex": 0, "NetworkCardIndex": 0, **attached},
        "Association": association, "PrivateIpAddresses": [address], "Ipv6Addresses": [],
    }
    volumes = [{"DeviceName": device, "Ebs": {"VolumeId": resource("vol"), **attached}} for device in ("/dev/xvda", "/dev/sdf")]
    return {
        "InstanceId": resource("i"), "ImageId": resource("ami"), "State": {"Code": 16, "Name": "running"},
        "PrivateDnsName": private_name, "PublicDnsName": public_name, "StateTransitionReason": "", "KeyName": "bench-key",
        "AmiLaunchIndex": number % 4, "ProductCodes": [], "InstanceType": rng.choice(["m7i.large", "c7g.xlarge", "t3.micro"]),
        "LaunchTime": launch, "Placement": {"AvailabilityZone": "us-east-1a", "GroupName": "", "Tenancy": "default"},
        "Monitoring": {"State": "disabled"}, "SubnetId": subnet, "VpcId": vpc, "PrivateIpAddress": private,
        "PublicIpAddress": public, "Architecture": "x86_64", "RootDeviceType": "ebs", "RootDeviceName": "/dev/xvda",
        "BlockDeviceMappings": volumes, "VirtualizationType": "hvm", "ClientToken": request_id(), "Tags": tags(number, 8),
        "SecurityGroups": groups, "SourceDestCheck": True, "Hypervisor": "xen", "NetworkInterfaces": [interface],
        "IamInstanceProfile": {"Arn": f"arn:aws:iam::{ACCOUNT}:instance-profile/web-role", "Id": "AIPA" + digits16(17).upper()},
        "EbsOptimized": True, "EnaSupport": True, "CpuOptions": {"CoreCount": 1, "ThreadsPerCore": 2},
        "CapacityReservationSpecification": {"CapacityReservationPreference": "open"},
        "HibernationOptions": {"Configured": False}, "EnclaveOptions": {"Enabled": False},
        "MetadataOptions": {"State": "applied", "HttpTokens": "required", "HttpPutResponseHopLimit": 2,
                            "HttpEndpoint": "enabled", "HttpProtocolIpv6": "disabled", "InstanceMetadataTags": "disabled"},
        "MaintenanceOptions": {"AutoRecovery": "default"}, "CurrentInstanceBootMode": "legacy-bios",
        "BootMode": "uefi-preferred", "PlatformDetails": "Linux/UNIX", "UsageOperation": "RunInstances",
        "UsageOperationUpdateTime": launch,
        "PrivateDnsNameOptions": {"HostnameType": "ip-name", "EnableResourceNameDnsARecord": True,
                                  "EnableResourceNameDnsAAAARecord": False},
    }


def reservation(instances):
    return {"ReservationId": f"r-{digits16(17)}", "OwnerId": ACCOUNT, "Groups": [], "Instances": instances}


def ec2_reply(operation, output):
    root = f"{operation}Response"
    opening = f'<{root} xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>{request_id()}</requestId>'
    document = element(output_shape("ec2", operation), output, root, "ec2").replace(f"<{root}>", opening, 1)
    return xml_reply('<?xml version="1.0" encoding="UTF-8"?>\n' + document, "text/xml;charset=UTF-8")


def ec2():
    reservations = []
    for first in range(0, 1000, 4):
        instances = [instance(number, START + datetime.timedelta(seconds=number)) for number in range(first, first + 4)]
        reservations.append({**reservation(instances), "RequesterId": "940372691376"})
    output = {"Reservations": reservations, "NextToken": digits16(120)}
    params = {
        "Filters": [{"Name": "instance-state-name", "Values": ["running", "stopped"]},
                    {"Name": "tag:Environment", "Values": ["prod"]}],
        "MaxResults": 1000,
    }
    case("ec2.DescribeInstances", params, ec2_reply("DescribeInstances", output), output, rows=1000)

    root = {"VolumeSize": 50, "VolumeType": "gp3", "Iops": 3000, "Throughput": 125, "Encrypted": True, "DeleteOnTermination": True}
    data = {"VolumeSize": 500, "VolumeType": "gp3", "Encrypted": True, "DeleteOnTermination": False}
    params = {
        "ImageId": "ami-0abcdef1234567890", "InstanceType": "m7i.large", "MinCount": 1, "MaxCount": 1, "KeyName": "bench-key",
        "UserData": "#!/bin/bash\necho hello > /tmp/hello\nyum update -y\n", "EbsOptimized": True,
        "ClientToken": "7f7f7f7f-1111-4222-a333-444444444444",
        "BlockDeviceMappings": [{"DeviceName": "/dev/xvda", "Ebs": root}, {"DeviceName": "/dev/sdf", "Ebs": data}],
        "IamInstanceProfile": {"Arn": f"arn:aws:iam::{ACCOUNT}:instance-profile/web-role"},
        "NetworkInterfaces": [{"DeviceIndex": 0, "SubnetId": "subnet-0123456789abcdef0",
                               "Groups": ["sg-0123456789abcdef0", "sg-0fedcba9876543210"],
                               "AssociatePublicIpAddress": False, "DeleteOnTermination": True}],
        "Monitoring": {"Enabled": True}, "Placement": {"AvailabilityZone": "us-east-1a", "Tenancy": "default"},
        "MetadataOptions": {"HttpTokens": "required", "HttpPutResponseHopLimit": 2, "HttpEndpoint": "enabled"},
        "CreditSpecification": {"CpuCredits": "standard"},
        "TagSpecifications": [{"ResourceType": kind, "Tags": tags(1, 5)} for kind in ("instance", "volume")],
    }
    output = reservation([instance(1, START)])
    case("ec2.RunInstances", params, ec2_reply("RunInstances", output), output, rows=1)


def sts():
    output = {"UserId": "AIDACKCEVSQ6C2EXAMPLE", "Account": ACCOUNT, "Arn": f"arn:aws:iam::{ACCOUNT}:user/bench"}
    result = element(output_shape("sts", "GetCallerIdentity"), output, "GetCallerIdentityResult", "query")
    document = (
        f'<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">\n{result}'
        f"<ResponseMetadata><RequestId>{request_id()}</RequestId></ResponseMetadata></GetCallerIdentityResponse>"
    )
    case("sts.GetCallerIdentity", {}, xml_reply(document), output)


def cloudwatch():
    def datum(number):
        dimensions = {"Host": f"host-{number:04}.example.com", "Service": "checkout", "Stage": "prod"}
        return {
            "MetricName": f"metric-{number % 25:02}",
            "Dimensions": [{"Name": name, "Value": value} for name, value in dimensions.items()],
            "Timestamp": START + datetime.timedelta(seconds=number),
            "Value": round(rng.uniform(0, 1000), 3),
            "Unit": rng.choice(["Milliseconds", "Count", "Bytes"]),
            "StorageResolution": 60,
        }

    params = {"Namespace": "Bench/App", "MetricData": [datum(number) for number in range(1000)]}
    cbor = {"smithy-protocol": "rpc-v2-cbor", "Content-Type": "application/cbor", "Content-Length": "2",
            "x-amzn-RequestId": request_id(), "Date": DATE}
    document = (
        '<PutMetricDataResponse xmlns="http://monitoring.amazonaws.com/doc/2010-08-01/">'
        f"<ResponseMetadata><RequestId>{request_id()}</RequestId></ResponseMetadata></PutMetricDataResponse>"
    )
    by_format = {"json": json_reply(b"{}"), "smithy-rpc-v2-cbor": (cbor, b"\xbf\xff"), "query": xml_reply(document)}
    for suffix, client in (("", {}), (".nocompress", {"disable_request_compression": True})):
        case(f"cloudwatch.PutMetricData{suffix}", params, by_format["json"], {}, client, 1000, by_format)


def check():
    """Checks that botocore's parsers read the expected output from each response."""
    for entry in cases:
        expected = FOLDER / f"{entry['name']}.expect.json"
        if not expected.exists():
            continue
        model = session.get_service_model(entry["service"])
        described = json.loads((FOLDER / f"{entry['name']}.response.json").read_text())
        replies = described.get("by_protocol") or {model.resolved_protocol: described}
        for format, reply in replies.items():
            parsed = botocore.parsers.create_parser(format).parse(
                {
                    "status_code": reply["status"],
                    "headers": botocore.awsrequest.HeadersDict(reply["headers"]),
                    "body": (FOLDER / reply["body"]).read_bytes(),
                    "context": {"operation_name": entry["operation"]},
                },
                model.operation_model(entry["operation"]).output_shape,
            )
            parsed.pop("ResponseMetadata")
            if json.loads(json.dumps(tagged(parsed))) != json.loads(expected.read_text()):
                sys.exit(f"{entry['name']}: botocore parses the {format} response differently")


FOLDER.mkdir(parents=True, exist_ok=True)
for write in (sqs, dynamodb, s3, ec2, sts, cloudwatch):
    write()
check()
write_json("cases.json", cases)
