//! Whether an EC2 instance can run as another instance type.
//!
//! EC2 lets some types be chosen as which an instance then does not boot, so that this is checked before it is stopped
//! or changed. The rules are those of "Compatibility for changing the instance type" in the Amazon EC2 User Guide.

use std::{collections::BTreeSet, fmt};

use crate::id::InstanceType;

/// What an instance is. Names such as `x86_64`, `hvm` or `legacy-bios` are AWS's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Machine {
    /// What it is now.
    pub instance_type: InstanceType,
    /// Its processor's architecture, if AWS says.
    pub architecture: Option<String>,
    /// How it is virtualised, if AWS says.
    pub virtualization: Option<String>,
    /// How it boots, if its image wants it one way or it did so last. None: either way.
    pub boot_mode: Option<String>,
    /// What its root volume is.
    pub root_device: Option<String>,
    /// Whether its image has a driver for ENA, the network adapter.
    pub has_ena: bool,
    /// Whether it has run with NVMe volumes, and so has a driver for them: whether its type has them. None: not known.
    pub has_nvme: Option<bool>,
    /// Whether it has EBS optimisation on.
    pub is_ebs_optimized: bool,
}

/// What an instance type offers and asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// Its name.
    pub instance_type: InstanceType,
    /// The architectures that it runs.
    pub architectures: BTreeSet<String>,
    /// How it virtualises.
    pub virtualizations: BTreeSet<String>,
    /// How it boots.
    pub boot_modes: BTreeSet<String>,
    /// What a root volume may be.
    pub root_devices: BTreeSet<String>,
    /// Its network adapter.
    pub ena: Support,
    /// Its volumes.
    pub nvme: Support,
    /// Whether it can be EBS-optimised.
    pub can_be_ebs_optimized: bool,
}

/// Whether a type has something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Support {
    /// It has not.
    None,
    /// It has, for an instance that can use it.
    Offered,
    /// It has, and an instance that cannot use it does not boot.
    Required,
}

/// Why an instance cannot run as a type: a sentence that names both.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{wanted} {offers}, and the instance, now {now}, {needs}")]
pub struct Misfit {
    /// The type that was wanted.
    pub wanted: InstanceType,
    /// The type that it is.
    pub now: InstanceType,
    /// What the type offers or asks for.
    offers: String,
    /// What the instance needs or lacks.
    needs: String,
}

/// Whether an instance can run as a type.
///
/// # Errors
///
/// If it cannot, with the first reason found.
pub fn fits(machine: &Machine, offer: &Offer) -> Result<(), Misfit> {
    let misfit = |(offers, needs)| Misfit {
        wanted: offer.instance_type.clone(),
        now: machine.instance_type.clone(),
        offers,
        needs,
    };
    let against = [
        lacks("runs", &offer.architectures, "is", machine.architecture.as_deref()),
        lacks("is virtualised as", &offer.virtualizations, "as", machine.virtualization.as_deref()),
        lacks("boots by", &offer.boot_modes, "by", machine.boot_mode.as_deref()),
        lacks("has its root on", &offer.root_devices, "has its on", machine.root_device.as_deref()),
        ena(machine, offer),
        nvme(machine, offer),
        ebs_optimization(machine, offer),
    ];
    against.into_iter().flatten().next().map_or(Ok(()), |reason| Err(misfit(reason)))
}

/// A reason: what the type offers, and what the instance needs.
type Reason = (String, String);

/// What AWS does not say stands against nothing.
fn lacks(
    offers: &str,
    offered: &BTreeSet<String>,
    needs: &str,
    needed: Option<&str>,
) -> Option<Reason> {
    let needed = needed.filter(|needed| !offered.is_empty() && !offered.contains(*needed))?;
    Some((format!("{offers} {}", Listed(offered)), format!("{needs} {needed}")))
}

fn ena(machine: &Machine, offer: &Offer) -> Option<Reason> {
    let is_needed = offer.ena == Support::Required && !machine.has_ena;
    is_needed.then(|| ("needs the network driver ENA".into(), "is not marked as having it".into()))
}

/// Whether a driver is installed cannot be seen; that a machine has run with such volumes can.
fn nvme(machine: &Machine, offer: &Offer) -> Option<Reason> {
    let is_needed = offer.nvme == Support::Required && machine.has_nvme == Some(false);
    is_needed.then(|| {
        ("has NVMe volumes only".into(), "has none, so that it may lack the driver".into())
    })
}

fn ebs_optimization(machine: &Machine, offer: &Offer) -> Option<Reason> {
    let is_needed = machine.is_ebs_optimized && !offer.can_be_ebs_optimized;
    is_needed.then(|| ("cannot be EBS-optimised".into(), "has that turned on".into()))
}

/// `arm64`, or `i386 or x86_64`.
struct Listed<'a>(&'a BTreeSet<String>);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, name) in self.0.iter().enumerate() {
            if n > 0 {
                f.write_str(" or ")?;
            }
            f.write_str(name)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    /// An `m5.large`, as instances mostly are.
    fn machine() -> Machine {
        Machine {
            instance_type: "m5.large".parse().unwrap(),
            architecture: Some("x86_64".into()),
            virtualization: Some("hvm".into()),
            boot_mode: Some("legacy-bios".into()),
            root_device: Some("ebs".into()),
            has_ena: true,
            has_nvme: Some(true),
            is_ebs_optimized: false,
        }
    }

    /// A type of its generation.
    fn offer(name: &str) -> Offer {
        Offer {
            instance_type: name.parse().unwrap(),
            architectures: names(&["x86_64"]),
            virtualizations: names(&["hvm"]),
            boot_modes: names(&["legacy-bios", "uefi"]),
            root_devices: names(&["ebs"]),
            ena: Support::Required,
            nvme: Support::Required,
            can_be_ebs_optimized: true,
        }
    }

    fn graviton() -> Offer {
        let (architectures, boot_modes) = (names(&["arm64"]), names(&["uefi"]));
        Offer { architectures, boot_modes, ..offer("m6g.large") }
    }

    /// A type of the generation before.
    fn old() -> Offer {
        Offer {
            architectures: names(&["i386", "x86_64"]),
            boot_modes: names(&["legacy-bios"]),
            ena: Support::None,
            nvme: Support::None,
            can_be_ebs_optimized: false,
            ..offer("t2.large")
        }
    }

    fn check(machine: &Machine, offer: &Offer, expected: &str) {
        let found =
            fits(machine, offer).map_or_else(|misfit| misfit.to_string(), |()| "fits".into());
        assert_eq!(found, expected);
    }

    #[test]
    fn what_fits() {
        check(&machine(), &offer("m5a.xlarge"), "fits");
        check(&machine(), &old(), "fits");
        check(&Machine { has_nvme: None, ..machine() }, &offer("c5.large"), "fits");
        let either = Machine { boot_mode: None, ..machine() };
        check(&either, &Offer { boot_modes: names(&["uefi"]), ..offer("c8i.large") }, "fits");
        check(&machine(), &Offer { boot_modes: names(&[]), ..offer("c5.large") }, "fits");
    }

    #[test]
    fn what_does_not_fit_names_both_sides() {
        let xen = Machine { has_nvme: Some(false), ..machine() };
        let paravirtual = Machine { virtualization: Some("paravirtual".into()), ..machine() };
        let uefi = Machine { boot_mode: Some("uefi".into()), ..machine() };
        let stored = Machine { root_device: Some("instance-store".into()), ..machine() };
        for (machine, offer, expected) in [
            (
                &machine(),
                graviton(),
                "m6g.large runs arm64, and the instance, now m5.large, is x86_64",
            ),
            (
                &paravirtual,
                offer("c5.large"),
                "c5.large is virtualised as hvm, and the instance, now m5.large, as paravirtual",
            ),
            (
                &uefi,
                old(),
                "t2.large boots by legacy-bios, and the instance, now m5.large, by uefi",
            ),
            (
                &stored,
                offer("c5.large"),
                "c5.large has its root on ebs, and the instance, now m5.large, has its on instance-store",
            ),
            (
                &Machine { has_ena: false, ..machine() },
                offer("c5.large"),
                "c5.large needs the network driver ENA, and the instance, now m5.large, is not marked as having it",
            ),
            (
                &xen,
                offer("c5.large"),
                "c5.large has NVMe volumes only, and the instance, now m5.large, has none, so that it may lack the driver",
            ),
            (
                &Machine { is_ebs_optimized: true, ..machine() },
                old(),
                "t2.large cannot be EBS-optimised, and the instance, now m5.large, has that turned on",
            ),
        ] {
            check(machine, &offer, expected);
        }
    }
}
