//! What some instances are, and what the types offer that they may run as: `DescribeInstances` and
//! `DescribeInstanceTypes`, once for all that a target is asked for.

use std::collections::{BTreeSet, HashMap};

use aws_sdk_ec2::types::{EbsOptimizedSupport, Filter, Instance, InstanceTypeInfo};
use scheduler_core::{
    InstanceType, ResourceId,
    fit::{Machine, Offer, Support, fits},
    resource::{Failure, FailureCode},
};
use scheduler_engine::rate::Call;

use super::{calls::Ec2Instances, list::filter, power::Wish};
use crate::failure::failure;

/// A filter takes at most this many values. Filters and not ids: an id that is gone, or a type that does not exist, is
/// then missing from the answer, where it would make the call fail for all.
const VALUES: usize = 200;

/// `DescribeInstanceTypes` answers at most this many a page.
const PAGE: i32 = 100;

/// What is known of some instances and types.
#[derive(Debug, Default)]
pub(super) struct Catalogue {
    machines: HashMap<ResourceId, Machine>,
    offers: HashMap<InstanceType, Offer>,
}

impl Catalogue {
    /// An instance; none if there is none by that id.
    pub(super) fn machine(&self, id: &ResourceId) -> Option<&Machine> {
        self.machines.get(id)
    }

    /// Whether an instance can run as a type, or the failure that it would be to try.
    pub(super) fn check(&self, machine: &Machine, wanted: &InstanceType) -> Result<(), Failure> {
        let reason = match self.offers.get(wanted) {
            Some(offer) => match fits(machine, offer) {
                Ok(()) => return Ok(()),
                Err(misfit) => misfit.to_string(),
            },
            None => format!("there is no instance type {wanted} in this Region"),
        };
        Err(Failure { code: FailureCode::Unsupported, message: reason })
    }
}

impl Ec2Instances {
    /// Looks up the instances, what types they are and what types they may become.
    pub(super) async fn look_up(&self, wishes: &[Wish<'_>]) -> Result<Catalogue, Failure> {
        let mut catalogue = Catalogue::default();
        for some in wishes.chunks(VALUES) {
            let ids = some.iter().map(|wish| wish.id.as_str());
            let add = |instance: &Instance| catalogue.machines.extend(machine(instance));
            self.describe(vec![filter("instance-id", ids)], add).await?;
        }
        let wanted = wishes.iter().flat_map(|wish| wish.types);
        let current = catalogue.machines.values().map(|machine| &machine.instance_type);
        let names: BTreeSet<String> = wanted.chain(current).map(ToString::to_string).collect();
        let names: Vec<_> = names.into_iter().collect();
        for some in names.chunks(VALUES) {
            let filter = filter("instance-type", some);
            let offers = self.offers(filter).await?;
            catalogue.offers.extend(offers);
        }
        catalogue.note_volumes();
        Ok(catalogue)
    }

    async fn offers(&self, filter: Filter) -> Result<Vec<(InstanceType, Offer)>, Failure> {
        let request = self.client.describe_instance_types().filters(filter).max_results(PAGE);
        let mut found = Vec::new();
        let mut next = None;
        loop {
            self.rates.take(Call::Describe).await;
            let request = request.clone().set_next_token(next.take());
            let page = request.customize().config_override(self.as_spoke()).send().await;
            let page = page.map_err(|error| failure("ec2:DescribeInstanceTypes", &error))?;
            found.extend(page.instance_types().iter().filter_map(offer));
            next = page.next_token.filter(|token| !token.is_empty());
            if next.is_none() {
                return Ok(found);
            }
        }
    }
}

impl Catalogue {
    /// Whether an instance has NVMe volumes follows from its type.
    fn note_volumes(&mut self) {
        for machine in self.machines.values_mut() {
            let offer = self.offers.get(&machine.instance_type);
            machine.has_nvme = offer.map(|offer| offer.nvme != Support::None);
        }
    }
}

fn machine(instance: &Instance) -> Option<(ResourceId, Machine)> {
    let machine = Machine {
        instance_type: instance.instance_type()?.as_str().parse().ok()?,
        architecture: instance.architecture().map(|name| name.as_str().to_owned()),
        virtualization: instance.virtualization_type().map(|name| name.as_str().to_owned()),
        boot_mode: boot_mode(instance).map(str::to_owned),
        root_device: instance.root_device_type().map(|name| name.as_str().to_owned()),
        has_ena: instance.ena_support().unwrap_or_default(),
        has_nvme: None,
        is_ebs_optimized: instance.ebs_optimized().unwrap_or_default(),
    };
    Some((instance.instance_id()?.parse().ok()?, machine))
}

/// How it has to boot: as its image says or, if that leaves it to the type, as it does now. An image that prefers UEFI
/// boots either way.
fn boot_mode(instance: &Instance) -> Option<&str> {
    let of_the_image = instance.boot_mode().map(|mode| mode.as_str());
    let current = || instance.current_instance_boot_mode().map(|mode| mode.as_str());
    of_the_image.or_else(current).filter(|mode| *mode != "uefi-preferred")
}

fn offer(info: &InstanceTypeInfo) -> Option<(InstanceType, Offer)> {
    let name: InstanceType = info.instance_type()?.as_str().parse().ok()?;
    let ebs = info.ebs_info();
    let architectures =
        info.processor_info().map(|info| info.supported_architectures()).unwrap_or_default();
    let ena = info.network_info().and_then(|info| info.ena_support());
    let nvme = ebs.and_then(|info| info.nvme_support());
    let optimized = ebs.and_then(|info| info.ebs_optimized_support());
    let offer = Offer {
        instance_type: name.clone(),
        architectures: names(architectures, |name| name.as_str()),
        virtualizations: names(info.supported_virtualization_types(), |name| name.as_str()),
        boot_modes: names(info.supported_boot_modes(), |name| name.as_str()),
        root_devices: names(info.supported_root_device_types(), |name| name.as_str()),
        ena: support(ena.map(|support| support.as_str())),
        nvme: support(nvme.map(|support| support.as_str())),
        can_be_ebs_optimized: optimized != Some(&EbsOptimizedSupport::Unsupported),
    };
    Some((name, offer))
}

fn names<T>(members: &[T], name: fn(&T) -> &str) -> BTreeSet<String> {
    members.iter().map(|member| name(member).to_owned()).collect()
}

fn support(text: Option<&str>) -> Support {
    match text {
        Some("required") => Support::Required,
        Some("supported") => Support::Offered,
        Some(_) | None => Support::None,
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_ec2::types::{
        ArchitectureType, ArchitectureValues, BootModeType, BootModeValues, EbsInfo,
        EbsNvmeSupport, EnaSupport, InstanceBootModeValues, InstanceType as Named, NetworkInfo,
        ProcessorInfo, builders::InstanceBuilder,
    };

    use super::*;

    fn instance() -> InstanceBuilder {
        Instance::builder()
            .instance_id("i-1")
            .instance_type(Named::M5Large)
            .architecture(ArchitectureValues::X8664)
            .ena_support(true)
    }

    fn info(name: Named) -> InstanceTypeInfo {
        let processor =
            ProcessorInfo::builder().supported_architectures(ArchitectureType::X8664).build();
        let network = NetworkInfo::builder().ena_support(EnaSupport::Required).build();
        let ebs = EbsInfo::builder()
            .nvme_support(EbsNvmeSupport::Required)
            .ebs_optimized_support(EbsOptimizedSupport::Default);
        InstanceTypeInfo::builder()
            .instance_type(name)
            .processor_info(processor)
            .network_info(network)
            .ebs_info(ebs.build())
            .supported_boot_modes(BootModeType::Uefi)
            .build()
    }

    fn catalogue(instance: InstanceBuilder, types: &[Named]) -> Catalogue {
        let offers = types.iter().filter_map(|name| offer(&info(name.clone()))).collect();
        let machines = machine(&instance.build()).into_iter().collect();
        let mut catalogue = Catalogue { machines, offers };
        catalogue.note_volumes();
        catalogue
    }

    #[test]
    fn an_instance_is_compared_with_a_type_as_aws_describes_them() {
        let catalogue = catalogue(instance(), &[Named::M5Large, Named::C5Large]);
        let machine = catalogue.machine(&"i-1".parse().unwrap()).unwrap();
        assert_eq!(
            (machine.architecture.as_deref(), machine.has_nvme),
            (Some("x86_64"), Some(true))
        );
        let check = |wanted: &str| catalogue.check(machine, &wanted.parse().unwrap());
        assert_eq!(check("c5.large"), Ok(()));
        let refused = check("c5.larger").unwrap_err();
        assert_eq!(refused.code, FailureCode::Unsupported);
        assert_eq!(refused.message, "there is no instance type c5.larger in this Region");
    }

    #[test]
    fn the_image_says_how_an_instance_boots_or_else_how_it_booted_last() {
        for (image, current, expected) in [
            (None, None, None),
            (None, Some(InstanceBootModeValues::LegacyBios), Some("legacy-bios")),
            (Some(BootModeValues::Uefi), Some(InstanceBootModeValues::LegacyBios), Some("uefi")),
            (Some(BootModeValues::UefiPreferred), Some(InstanceBootModeValues::Uefi), None),
        ] {
            let instance =
                instance().set_boot_mode(image).set_current_instance_boot_mode(current).build();
            assert_eq!(boot_mode(&instance), expected);
        }
    }
}
