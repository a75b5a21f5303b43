//! An instance in XML, with the members a real one has, so that parsing one costs what it costs at AWS.

use chrono::{DateTime, Utc};

use super::describe::Seen;
use super::instance::{Course, Instance, InstanceId, Lifecycle, State};
use super::types::{InstanceType, architecture_of};
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
    reason(xml, instance, call.now, now);
    if now != State::Terminated {
        network(xml, call, id, instance);
        volume(xml, id, instance);
    }
    options(xml, instance);
    if !instance.tags.is_empty() {
        tags::write(xml, ["tagSet", "item", "key", "value"], &instance.tags);
    }
}

fn hardware(xml: &mut Xml, instance: &Instance) {
    let launch = &instance.launch;
    xml.text("instanceType", instance.kind());
    if launch.lifecycle == Lifecycle::Spot {
        xml.text("instanceLifecycle", "spot");
    }
    xml.text("architecture", architecture_of(&launch.kind));
    let root = if launch.has_ebs_root() { "ebs" } else { "instance-store" };
    xml.text("rootDeviceType", root)
        .text("rootDeviceName", "/dev/xvda")
        .text("virtualizationType", "hvm");
    xml.text("hypervisor", "xen")
        .text("platformDetails", "Linux/UNIX")
        .text("usageOperation", "RunInstances");
    xml.text("usageOperationUpdateTime", instant(launch.at));
    boot_mode(xml, instance);
    xml.text("ebsOptimized", instance.is_ebs_optimized())
        .text("enaSupport", launch.has_ena())
        .text("productCodes", "")
        .text("clientToken", "");
    xml.within("cpuOptions", |xml| {
        xml.text("coreCount", 1).text("threadsPerCore", 2);
    });
}

/// The image's boot mode, and what its type makes of it. Old images say none, and start as they always did.
fn boot_mode(xml: &mut Xml, instance: &Instance) {
    if !instance.launch.has_ena() {
        xml.text("currentInstanceBootMode", "legacy-bios");
        return;
    }
    let arm = architecture_of(&instance.launch.kind) == "arm64";
    xml.text("bootMode", if arm { "uefi" } else { "uefi-preferred" });
    let known = InstanceType::named(instance.kind());
    let uefi = known.is_none_or(|known| known.boot_modes().contains(&"uefi"));
    xml.text("currentInstanceBootMode", if uefi { "uefi" } else { "legacy-bios" });
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

/// `reason` is a text for people, `stateReason` a code and a message.
fn reason(xml: &mut Xml, instance: &Instance, at: DateTime<Utc>, now: State) {
    if let Some(failure) = instance.failure(at) {
        xml.text("reason", &failure.code);
        state_reason(xml, &failure.code, &failure.message);
        return;
    }
    let Some(ended) = instance.ended_by_owner() else {
        xml.text("reason", "");
        return;
    };
    xml.text("reason", format_args!("User initiated ({} GMT)", ended.format("%Y-%m-%d %H:%M:%S")));
    match now {
        State::Stopped if instance.course() == Course::Hibernate => {
            let message = "Client.UserInitiatedHibernate: User initiated hibernate";
            state_reason(xml, "Client.UserInitiatedHibernate", message);
        }
        State::Stopped | State::Terminated => {
            let message = "Client.UserInitiatedShutdown: User initiated shutdown";
            state_reason(xml, "Client.UserInitiatedShutdown", message);
        }
        State::Pending | State::Running | State::ShuttingDown | State::Stopping => {}
    }
}

fn state_reason(xml: &mut Xml, code: &str, message: &str) {
    xml.within("stateReason", |xml| {
        xml.text("code", code).text("message", message);
    });
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

fn options(xml: &mut Xml, instance: &Instance) {
    let option = |xml: &mut Xml, option: &str, name: &str, value: &str| {
        xml.within(option, |xml| {
            xml.text(name, value);
        });
    };
    option(xml, "capacityReservationSpecification", "capacityReservationPreference", "open");
    let hibernates = instance.launch.hibernates.to_string();
    option(xml, "hibernationOptions", "configured", &hibernates);
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
