//! A group in XML, with the members a real one has.

use super::group::{Deletion, Group, Launch, Member};
use super::tagging;
use crate::services::{Call, instant};
use crate::wire::Xml;

/// Writes the members of a group.
pub(super) fn group(xml: &mut Xml, call: &Call, name: &str, group: &Group) {
    xml.text("AutoScalingGroupName", name).text("AutoScalingGroupARN", arn(call, name, group));
    launch(xml, &group.launch);
    let capacity = group.capacity;
    xml.text("MinSize", capacity.min)
        .text("MaxSize", capacity.max)
        .text("DesiredCapacity", capacity.desired);
    xml.text("DefaultCooldown", 300);
    list(xml, "AvailabilityZones", &group.zones);
    list(xml, "LoadBalancerNames", &[]);
    list(xml, "TargetGroupARNs", &[]);
    xml.text("HealthCheckType", "EC2").text("HealthCheckGracePeriod", 0);
    xml.each("Instances", "member", &group.members, |xml, one| member(xml, call, group, one));
    xml.text("CreatedTime", instant(group.created));
    suspended(xml, group);
    xml.text("VPCZoneIdentifier", group.subnets.as_deref().unwrap_or_default());
    list(xml, "EnabledMetrics", &[]);
    if group.deletion == Deletion::InProgress {
        xml.text("Status", "Delete in progress");
    }
    tagging::write(xml, name, group);
    list(xml, "TerminationPolicies", &["Default".to_owned()]);
    xml.text("NewInstancesProtectedFromScaleIn", false);
    xml.text("ServiceLinkedRoleARN", role(call)).text("CapacityRebalance", false);
    list(xml, "TrafficSources", &[]);
}

fn arn(call: &Call, name: &str, group: &Group) -> String {
    let id = format!("00000000-0000-4000-8000-{:012x}", group.number);
    let resource = format_args!("autoScalingGroup:{id}:autoScalingGroupName/{name}");
    call.place.arn("autoscaling", resource)
}

fn role(call: &Call) -> String {
    let service = "autoscaling.amazonaws.com";
    let role = "AWSServiceRoleForAutoScaling";
    call.place.home.arn("iam", format_args!("role/aws-service-role/{service}/{role}"))
}

fn list(xml: &mut Xml, name: &str, texts: &[String]) {
    xml.within(name, |xml| {
        for text in texts {
            xml.text("member", text);
        }
    });
}

fn launch(xml: &mut Xml, launch: &Launch) {
    match launch {
        Launch::Configuration(name) => {
            xml.text("LaunchConfigurationName", name);
        }
        Launch::Template { id, name, version } => {
            xml.within("LaunchTemplate", |xml| {
                xml.text_if_some("LaunchTemplateId", id.as_deref());
                xml.text_if_some("LaunchTemplateName", name.as_deref()).text("Version", version);
            });
        }
    }
}

fn member(xml: &mut Xml, call: &Call, group: &Group, member: &Member) {
    // Seventeen digits: the place, the group, the instance; `a` first, where EC2's own begin with another digit.
    let (place, number) = (call.place.number(), group.number << 12 | member.number);
    let zone = group.zones.get(member.number as usize % group.zones.len().max(1));
    xml.text("InstanceId", format_args!("i-a{:08x}{number:08x}", place & 0xffff_ffff));
    xml.text("InstanceType", "t3.micro").text_if_some("AvailabilityZone", zone);
    xml.text("LifecycleState", member.lifecycle(call.now)).text("HealthStatus", "Healthy");
    launch(xml, &group.launch);
    xml.text("ProtectedFromScaleIn", false);
}

fn suspended(xml: &mut Xml, group: &Group) {
    xml.each("SuspendedProcesses", "member", &group.suspended, |xml, (process, since)| {
        xml.text("ProcessName", process);
        xml.text("SuspensionReason", format_args!("User suspended at {}", instant(*since)));
    });
}
