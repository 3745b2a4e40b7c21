//! EC2.

use aws_sdk_ec2::Client;
use aws_sdk_ec2::operation::describe_instances::DescribeInstancesOutput;
use aws_sdk_ec2::operation::run_instances::RunInstancesOutput;
use aws_sdk_ec2::operation::run_instances::builders::RunInstancesFluentBuilder;
use aws_sdk_ec2::types::{
    BlockDeviceMapping, CreditSpecificationRequest, EbsBlockDevice, Filter, HttpTokensState,
    IamInstanceProfileSpecification, InstanceMetadataEndpointState, InstanceMetadataOptionsRequest,
    InstanceNetworkInterfaceSpecification, InstanceType, Placement, ResourceType,
    RunInstancesMonitoringEnabled, Tag, TagSpecification, Tenancy, VolumeType,
};
use aws_smithy_types::base64;
use bench_harness::Bench;
use serde_json::Value;

use crate::fields::{flag, integer, list, text, texts};
use crate::{config, measure};

/// Measures the service's cases.
pub fn measure_all(bench: &mut Bench) {
    let name = "ec2.DescribeInstances";
    if bench.is_selected(name) {
        let client = Client::new(&config(bench, name, "ec2"));
        let params = bench.fixtures().params(name);
        let filter = |of: &Value| {
            Filter::builder()
                .set_name(text(of, "Name"))
                .set_values(texts(of, "Values"))
                .build()
        };
        let builder = client
            .describe_instances()
            .set_max_results(integer(&params, "MaxResults"))
            .set_filters(list(&params, "Filters", filter));
        measure!(bench, name, builder, |output: &DescribeInstancesOutput| {
            let instances = output.reservations().iter().flat_map(|one| one.instances());
            instances.filter(|one| one.tags().len() == 8).count() == 1000
        });
    }
    let name = "ec2.RunInstances";
    if bench.is_selected(name) {
        let client = Client::new(&config(bench, name, "ec2"));
        let params = bench.fixtures().params(name);
        let builder = run_instances(&client, &params);
        measure!(bench, name, builder, |output: &RunInstancesOutput| {
            output.instances().len() == 1
        });
    }
}

fn run_instances(client: &Client, params: &Value) -> RunInstancesFluentBuilder {
    let string = |of: &Value, name: &str| text(of, name).unwrap_or_default();
    let (placement, metadata) = (&params["Placement"], &params["MetadataOptions"]);
    client
        .run_instances()
        .set_image_id(text(params, "ImageId"))
        .instance_type(InstanceType::from(string(params, "InstanceType").as_str()))
        .set_min_count(integer(params, "MinCount"))
        .set_max_count(integer(params, "MaxCount"))
        .set_key_name(text(params, "KeyName"))
        // The generated SDK expects user data in base64.
        .user_data(base64::encode(string(params, "UserData")))
        .set_ebs_optimized(flag(params, "EbsOptimized"))
        .set_client_token(text(params, "ClientToken"))
        .set_block_device_mappings(list(params, "BlockDeviceMappings", block_device))
        .iam_instance_profile(
            IamInstanceProfileSpecification::builder()
                .set_arn(text(&params["IamInstanceProfile"], "Arn"))
                .build(),
        )
        .set_network_interfaces(list(params, "NetworkInterfaces", network_interface))
        .monitoring(
            RunInstancesMonitoringEnabled::builder()
                .set_enabled(flag(&params["Monitoring"], "Enabled"))
                .build(),
        )
        .placement(
            Placement::builder()
                .set_availability_zone(text(placement, "AvailabilityZone"))
                .tenancy(Tenancy::from(string(placement, "Tenancy").as_str()))
                .build(),
        )
        .metadata_options(
            InstanceMetadataOptionsRequest::builder()
                .http_tokens(HttpTokensState::from(
                    string(metadata, "HttpTokens").as_str(),
                ))
                .set_http_put_response_hop_limit(integer(metadata, "HttpPutResponseHopLimit"))
                .http_endpoint(InstanceMetadataEndpointState::from(
                    string(metadata, "HttpEndpoint").as_str(),
                ))
                .build(),
        )
        .credit_specification(
            CreditSpecificationRequest::builder()
                .set_cpu_credits(text(&params["CreditSpecification"], "CpuCredits"))
                .build(),
        )
        .set_tag_specifications(list(params, "TagSpecifications", |of| {
            TagSpecification::builder()
                .resource_type(ResourceType::from(string(of, "ResourceType").as_str()))
                .set_tags(list(of, "Tags", tag))
                .build()
        }))
}

fn block_device(of: &Value) -> BlockDeviceMapping {
    let ebs = &of["Ebs"];
    let volume = EbsBlockDevice::builder()
        .set_volume_size(integer(ebs, "VolumeSize"))
        .set_volume_type(text(ebs, "VolumeType").as_deref().map(VolumeType::from))
        .set_iops(integer(ebs, "Iops"))
        .set_throughput(integer(ebs, "Throughput"))
        .set_encrypted(flag(ebs, "Encrypted"))
        .set_delete_on_termination(flag(ebs, "DeleteOnTermination"));
    BlockDeviceMapping::builder()
        .set_device_name(text(of, "DeviceName"))
        .ebs(volume.build())
        .build()
}

fn network_interface(of: &Value) -> InstanceNetworkInterfaceSpecification {
    InstanceNetworkInterfaceSpecification::builder()
        .set_device_index(integer(of, "DeviceIndex"))
        .set_subnet_id(text(of, "SubnetId"))
        .set_groups(texts(of, "Groups"))
        .set_associate_public_ip_address(flag(of, "AssociatePublicIpAddress"))
        .set_delete_on_termination(flag(of, "DeleteOnTermination"))
        .build()
}

fn tag(of: &Value) -> Tag {
    Tag::builder()
        .set_key(text(of, "Key"))
        .set_value(text(of, "Value"))
        .build()
}
