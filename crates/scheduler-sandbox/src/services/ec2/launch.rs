//! RunInstances.

use std::sync::Arc;

use super::instance::{Instance, InstanceId, Launch, Lifecycle, State};
use super::{Ec2, answer, dry_run, missing_parameter};
use crate::services::Call;
use crate::services::tags::{self, Tags};
use crate::wire::{ApiError, Params, Xml};

pub(super) fn run(ec2: &mut Ec2, call: &Call, params: &Params) -> Result<Xml, ApiError> {
    let count = count(params)?;
    let tags = Arc::new(instance_tags(params)?);
    let launch = Launch {
        reservation: ec2.reservations,
        image: image(params)?.to_owned(),
        kind: kind(params)?.to_owned(),
        zone: zone(call, params)?,
        lifecycle: lifecycle(params),
        ebs_optimized: params.says("EbsOptimized"),
        hibernates: params.says("HibernationOptions.Configured"),
        at: call.now,
    };
    dry_run(params)?;

    ec2.reservations += 1;
    let launch = Arc::new(launch);
    let ids: Vec<_> = (0..count).map(|index| ec2.launch(call, &launch, &tags, index)).collect();
    let instances: Vec<_> =
        ids.iter().map(|id| (*id, &ec2.instances[id], State::Pending)).collect();
    let mut xml = Xml::new();
    answer::reservation(&mut xml, call, &instances);
    Ok(xml)
}

impl Ec2 {
    fn launch(
        &mut self,
        call: &Call,
        launch: &Arc<Launch>,
        tags: &Arc<Tags>,
        index: u32,
    ) -> InstanceId {
        self.launched += 1;
        let id = InstanceId::new(&call.place, self.launched);
        self.instances.insert(id, Instance::new(launch.clone(), tags.clone(), index));
        id
    }
}

/// As many as the caller would have at most, since there is always room.
fn count(params: &Params) -> Result<u32, ApiError> {
    let number = |name: &str| {
        let text = params.get(name).ok_or_else(|| missing_parameter(name))?;
        let number = text.parse::<u32>().ok().filter(|number| *number > 0);
        number.ok_or_else(|| invalid(format!("Value ({text}) for parameter {name} is invalid.")))
    };
    let (least, most) = (number("MinCount")?, number("MaxCount")?);
    if least > most {
        return Err(invalid(format!(
            "Value ({least}) for parameter minCount is invalid, it exceeds maxCount."
        )));
    }
    Ok(most)
}

fn image(params: &Params) -> Result<&str, ApiError> {
    let image = params.get("ImageId").ok_or_else(|| missing_parameter("ImageId"))?;
    let message = format!("Invalid id: \"{image}\" (expecting \"ami-...\")");
    image
        .starts_with("ami-")
        .then_some(image)
        .ok_or_else(|| ApiError::bad("InvalidAMIID.Malformed", message))
}

/// EC2 launches an `m1.small` when nothing is said.
fn kind(params: &Params) -> Result<&str, ApiError> {
    let kind = params.get("InstanceType").unwrap_or("m1.small");
    let well_formed =
        kind.split_once('.').is_some_and(|(family, size)| !family.is_empty() && !size.is_empty());
    well_formed
        .then_some(kind)
        .ok_or_else(|| invalid(format!("Invalid value '{kind}' for InstanceType.")))
}

fn zone(call: &Call, params: &Params) -> Result<String, ApiError> {
    let Some(zone) = params.get("Placement.AvailabilityZone") else {
        return Ok(format!("{}a", call.place.region));
    };
    let here = zone.strip_prefix(&*call.place.region).is_some_and(|letter| !letter.is_empty());
    here.then(|| zone.to_owned())
        .ok_or_else(|| invalid(format!("Invalid availability zone: [{zone}]")))
}

fn lifecycle(params: &Params) -> Lifecycle {
    match params.get("InstanceMarketOptions.MarketType") {
        Some("spot") => Lifecycle::Spot,
        _ => Lifecycle::OnDemand,
    }
}

/// The tags for the instances; those for their volumes are left out, as there are no volumes to describe.
fn instance_tags(params: &Params) -> Result<Tags, ApiError> {
    let specifications = params.groups("TagSpecification");
    let ours = specifications.iter().filter(|group| group.get("ResourceType") == Some("instance"));
    let pairs = ours.flat_map(|group| group.groups("Tag")).filter_map(|tag| {
        let key = tag.get("Key")?.to_owned();
        Some((key, tag.get("Value").unwrap_or_default().to_owned()))
    });
    let mut checked = Tags::new();
    tags::add(&mut checked, &pairs.collect())?;
    Ok(checked)
}

fn invalid(message: String) -> ApiError {
    ApiError::bad("InvalidParameterValue", message)
}
