//! An instance in XML, with the members a real one has, so that parsing one costs what it costs at AWS.

use super::describe::Seen;
use super::instance::{Instance, InstanceId, Lifecycle, State};
use crate::services::{Call, instant, tags};
use crate::wire::Xml;

/// What RunInstances answers with, and one item of what DescribeInstances does. There is at least one instance.
pub(super) fn reservation(xml: &mut Xml, call: &Call, instances: &[Seen<'_>]) {
    let number = instances.first().map_or(0, |(_, instance, _)| instance.launch.reservation);
    let place = call.place.number();
    xml.text("reservationId", format_args!("r-0{:016x}", place << 24 | u64::from(number)));
    xml.text("ownerId", &call.place.home.account);
    xml.text("groupSet", "");
    xml.each("instancesSet", "item", instances, |xml, seen| instance(xml, call, *seen));
}

/// `<code>` and `<name>` inside an element of this name.
pub(super) fn state(xml: &mut Xml, name: &str, state: State) {
    xml.within(name, |xml| {
        xml.text("code", state.code()).text("name", state.name());
    });
}

fn instance(xml: &mut Xml, call: &Call, (id, instance, now): Seen<'_>) {
    xml.text("instanceId", id).text("imageId", &instance.launch.image);
    state(xml, "instanceState", now);
    hardware(xml, instance);
    xml.text("launchTime", instant(instance.started)).text("amiLaunchIndex", instance.index);
    placement(xml, instance);
    reason(xml, instance, now);
    if now != State::Terminated {
        network(xml, call, id, instance);
        volume(xml, id, instance);
    }
    options(xml);
    if !instance.tags.is_empty() {
        tags::write(xml, ["tagSet", "item", "key", "value"], &instance.tags);
    }
}

fn hardware(xml: &mut Xml, instance: &Instance) {
    xml.text("instanceType", &instance.launch.kind);
    if instance.launch.lifecycle == Lifecycle::Spot {
        xml.text("instanceLifecycle", "spot");
    }
    // The letter before the dot or behind the generation says that a type is AWS's own arm64: `m7g.large`.
    let family = instance.launch.kind.split('.').next().unwrap_or_default();
    let arm = family.trim_start_matches(|c: char| c.is_ascii_lowercase()).contains('g');
    xml.text("architecture", if arm { "arm64" } else { "x86_64" });
    xml.text("rootDeviceType", "ebs")
        .text("rootDeviceName", "/dev/xvda")
        .text("virtualizationType", "hvm");
    xml.text("hypervisor", "xen")
        .text("platformDetails", "Linux/UNIX")
        .text("usageOperation", "RunInstances");
    xml.text("usageOperationUpdateTime", instant(instance.launch.at));
    xml.text("bootMode", "uefi-preferred").text("currentInstanceBootMode", "uefi");
    xml.text("ebsOptimized", true)
        .text("enaSupport", true)
        .text("productCodes", "")
        .text("clientToken", "");
    xml.within("cpuOptions", |xml| {
        xml.text("coreCount", 1).text("threadsPerCore", 2);
    });
}

fn placement(xml: &mut Xml, instance: &Instance) {
    xml.within("placement", |xml| {
        xml.text("availabilityZone", &instance.launch.zone)
            .text("groupName", "")
            .text("tenancy", "default");
    });
    xml.within("monitoring", |xml| {
        xml.text("state", "disabled");
    });
}

fn reason(xml: &mut Xml, instance: &Instance, now: State) {
    let Some(at) = instance.ended_by_owner() else {
        xml.text("reason", "");
        return;
    };
    xml.text("reason", format_args!("User initiated ({} GMT)", at.format("%Y-%m-%d %H:%M:%S")));
    if matches!(now, State::Stopped | State::Terminated) {
        xml.within("stateReason", |xml| {
            xml.text("code", "Client.UserInitiatedShutdown");
            xml.text("message", "Client.UserInitiatedShutdown: User initiated shutdown");
        });
    }
}

fn network(xml: &mut Xml, call: &Call, id: InstanceId, instance: &Instance) {
    let [.., a, b, c] = id.number().to_be_bytes();
    let address = format!("10.{a}.{b}.{c}");
    let name = format!("ip-10-{a}-{b}-{c}.{}.compute.internal", call.place.region);
    let place = call.place.number();
    let (subnet, vpc) = (format!("subnet-0{place:016x}"), format!("vpc-0{place:016x}"));

    xml.text("privateDnsName", &name).text("dnsName", "").text("privateIpAddress", &address);
    xml.text("subnetId", &subnet).text("vpcId", &vpc).text("sourceDestCheck", true);
    xml.within("groupSet", |xml| group(xml, place));
    xml.within("networkInterfaceSet", |xml| {
        xml.within("item", |xml| {
            xml.text("networkInterfaceId", format_args!("eni-{:017x}", id.number()));
            xml.text("subnetId", &subnet).text("vpcId", &vpc).text("description", "");
            xml.text("ownerId", &call.place.home.account).text("status", "in-use");
            xml.text("macAddress", format_args!("02:00:0a:{a:02x}:{b:02x}:{c:02x}"));
            xml.text("privateIpAddress", &address)
                .text("privateDnsName", &name)
                .text("sourceDestCheck", true);
            xml.within("groupSet", |xml| group(xml, place));
            xml.within("attachment", |xml| {
                xml.text("attachmentId", format_args!("eni-attach-{:017x}", id.number()));
                xml.text("deviceIndex", 0).text("networkCardIndex", 0).text("status", "attached");
                xml.text("attachTime", instant(instance.launch.at))
                    .text("deleteOnTermination", true);
            });
            xml.text("interfaceType", "interface");
        });
    });
}

fn group(xml: &mut Xml, place: u64) {
    xml.within("item", |xml| {
        xml.text("groupId", format_args!("sg-0{place:016x}")).text("groupName", "default");
    });
}

fn volume(xml: &mut Xml, id: InstanceId, instance: &Instance) {
    xml.within("blockDeviceMapping", |xml| {
        xml.within("item", |xml| {
            xml.text("deviceName", "/dev/xvda").within("ebs", |xml| {
                xml.text("volumeId", format_args!("vol-{:017x}", id.number()))
                    .text("status", "attached");
                xml.text("attachTime", instant(instance.launch.at))
                    .text("deleteOnTermination", true);
            });
        });
    });
}

fn options(xml: &mut Xml) {
    let option = |xml: &mut Xml, option: &str, name: &str, value: &str| {
        xml.within(option, |xml| {
            xml.text(name, value);
        });
    };
    option(xml, "capacityReservationSpecification", "capacityReservationPreference", "open");
    option(xml, "hibernationOptions", "configured", "false");
    option(xml, "enclaveOptions", "enabled", "false");
    option(xml, "maintenanceOptions", "autoRecovery", "default");
    xml.within("metadataOptions", |xml| {
        xml.text("state", "applied")
            .text("httpTokens", "required")
            .text("httpPutResponseHopLimit", 2);
        xml.text("httpEndpoint", "enabled").text("httpProtocolIpv6", "disabled");
        xml.text("instanceMetadataTags", "disabled");
    });
    xml.within("privateDnsNameOptions", |xml| {
        xml.text("hostnameType", "ip-name").text("enableResourceNameDnsARecord", false);
        xml.text("enableResourceNameDnsAAAARecord", false);
    });
}
