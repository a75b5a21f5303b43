//! DescribeInstanceTypes: by name, or page by page. Of its filters it knows `instance-type`.

use super::types::{Build, InstanceType};
use super::{dry_run, unknown_types};
use crate::policy::matches;
use crate::wire::{ApiError, Params, Xml};

const PAGE_SIZES: std::ops::RangeInclusive<usize> = 5..=100;
const TOKEN: &str = "sandbox-after-";

pub(super) fn types(params: &Params) -> Result<Xml, ApiError> {
    let named = params.list("InstanceType");
    let unknown = named.iter().copied().filter(|name| InstanceType::named(name).is_none());
    let unknown: Vec<_> = unknown.collect();
    if !unknown.is_empty() {
        return Err(ApiError::bad("InvalidInstanceType", unknown_types(&unknown)));
    }
    let patterns = patterns(params)?;
    let wanted = |name: &str| {
        (named.is_empty() || named.contains(&name))
            && patterns.iter().all(|any| any.iter().any(|pattern| matches(pattern, name)))
    };
    let size = page_size(params)?;
    let after = after(params)?;
    dry_run(params)?;
    let mut rest = InstanceType::all().filter(|one| {
        let name = one.to_string();
        after.is_none_or(|after| name.as_str() > after) && wanted(&name)
    });
    let page: Vec<_> = rest.by_ref().take(size).collect();
    let last = page.last().filter(|_| rest.next().is_some());
    let token = last.map(|last| format!("{TOKEN}{last}"));
    let mut xml = Xml::new();
    xml.each("instanceTypeSet", "item", page, write).text_if_some("nextToken", token);
    Ok(xml)
}

fn patterns(params: &Params) -> Result<Vec<Vec<&str>>, ApiError> {
    let groups = params.groups("Filter");
    let values = groups.iter().map(|group| match group.get("Name") {
        Some("instance-type") => Ok(group.list("Value")),
        name => {
            let message = format!("The filter '{}' is invalid", name.unwrap_or_default());
            Err(ApiError::bad("InvalidParameterValue", message))
        }
    });
    values.collect()
}

fn page_size(params: &Params) -> Result<usize, ApiError> {
    let Some(text) = params.get("MaxResults") else { return Ok(*PAGE_SIZES.end()) };
    let size = text.parse().ok().filter(|size| PAGE_SIZES.contains(size));
    let (least, most) = (PAGE_SIZES.start(), PAGE_SIZES.end());
    let expected = format!("Expecting a value between {least} and {most}.");
    let message = format!("Value ( {text} ) for parameter maxResults is invalid. {expected}");
    size.ok_or_else(|| ApiError::bad("InvalidParameterValue", message))
}

fn after(params: &Params) -> Result<Option<&str>, ApiError> {
    let Some(text) = params.get("NextToken") else { return Ok(None) };
    let invalid = || ApiError::bad("InvalidNextToken", format!("The token '{text}' is invalid"));
    text.strip_prefix(TOKEN).map(Some).ok_or_else(invalid)
}

fn write(xml: &mut Xml, one: InstanceType) {
    let build = one.family.build;
    xml.text("instanceType", one);
    xml.text("currentGeneration", build.is_nitro() || build == Build::SmallXen);
    xml.text("freeTierEligible", false).text("bareMetal", one.is_metal());
    if !one.is_metal() {
        xml.text("hypervisor", if build.is_nitro() { "nitro" } else { "xen" });
    }
    items(xml, "supportedUsageClasses", &["on-demand", "spot"]);
    let first = build == Build::FirstXen;
    items(
        xml,
        "supportedRootDeviceTypes",
        if first { &["ebs", "instance-store"] } else { &["ebs"] },
    );
    items(
        xml,
        "supportedVirtualizationTypes",
        if first { &["hvm", "paravirtual"] } else { &["hvm"] },
    );
    items(xml, "supportedBootModes", one.boot_modes());
    hardware(xml, one);
    xml.within("ebsInfo", |xml| {
        xml.text("ebsOptimizedSupport", one.ebs_optimized()).text("encryptionSupport", "supported");
        xml.text("nvmeSupport", one.nvme());
    });
    xml.within("networkInfo", |xml| {
        xml.text("enaSupport", one.ena()).text("ipv6Supported", true);
    });
    xml.text("hibernationSupported", !one.is_metal() && one.mib < 150 * 1_024);
    xml.text("burstablePerformanceSupported", one.is_burstable());
}

fn hardware(xml: &mut Xml, one: InstanceType) {
    let small_t2 = one.family.build == Build::SmallXen && one.mib < 8_192;
    xml.within("processorInfo", |xml| {
        let own = [one.architecture()];
        items(xml, "supportedArchitectures", if small_t2 { &["i386", "x86_64"] } else { &own });
    });
    xml.within("vCpuInfo", |xml| {
        xml.text("defaultVCpus", one.cpus);
    });
    xml.within("memoryInfo", |xml| {
        xml.text("sizeInMiB", one.mib);
    });
    let disks = matches!(one.family.build, Build::FirstXen | Build::XenWithNvme);
    xml.text("instanceStorageSupported", disks || one.family.name.ends_with('d'));
}

fn items(xml: &mut Xml, list: &str, items: &[&str]) {
    xml.within(list, |xml| {
        for item in items {
            xml.text("item", item);
        }
    });
}
