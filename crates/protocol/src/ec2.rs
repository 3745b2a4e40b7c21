//! The `ec2` format: the query format with other parameter names and without a result wrapper in responses.
//!
//! ```text
//! Action=DescribeInstances&Version=2016-11-15&InstanceId.1=i-1&MaxResults=5
//!
//! <DescribeInstancesResponse xmlns=".."><requestId>..</requestId><reservationSet><item>..</item></reservationSet>
//! </DescribeInstancesResponse>
//! ```
//!
//! # Source
//! Smithy's [`ec2Query`](https://smithy.io/2.0/aws/protocols/aws-ec2-query-protocol.html); botocore
//! `serialize.py:EC2Serializer` and `parsers.py:EC2QueryParser`.

use std::sync::Arc;

use inia_core::{Result, ServiceError, Str, Value};
use inia_model::{Operation, ServiceModel};

use crate::query::{Dialect, FormCodec};
use crate::strictness::{Strictness, strict_request};
use crate::{Codec, Input, Request, Response};

/// The `ec2` format for one service.
#[derive(Debug)]
pub(crate) struct Ec2Codec(FormCodec);

impl Ec2Codec {
    pub(crate) fn new(model: Arc<ServiceModel>) -> Self {
        Ec2Codec(FormCodec::new(model, Dialect::Ec2))
    }
}

impl Codec for Ec2Codec {
    fn serialize(&self, operation: &Operation, input: Input<'_>) -> Result<Request> {
        self.0.serialize(operation, input, Strictness::Lenient)
    }

    fn serialize_strict(&self, operation: &Operation, input: Input<'_>) -> Option<Request> {
        strict_request(input, |strictness| {
            self.0.serialize(operation, input, strictness)
        })
    }

    fn parse(&self, operation: &Operation, response: Response) -> Result<Value> {
        self.0.parse(operation, response).map(|(value, _)| value)
    }

    fn parse_with_request_id(
        &self,
        operation: &Operation,
        response: Response,
    ) -> Result<(Value, Option<Str>)> {
        self.0.parse(operation, response)
    }

    fn parse_error(&self, operation: &Operation, response: Response) -> ServiceError {
        self.0.parse_error(operation, &response)
    }
}
