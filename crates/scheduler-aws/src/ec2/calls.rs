//! The requests that change an instance. Each waits until its target's rates allow it.

use std::sync::Arc;

use aws_sdk_ec2::{Client, types::AttributeValue};
use scheduler_core::{InstanceType, ResourceId, memory::Outcome};
use scheduler_engine::rate::{Call, Rates};

use crate::{
    failure::outcome,
    session::{Spoke, as_spoke},
};

/// Instances named in one start or stop call. AWS documents no limit, and recommends at most 50.
pub(super) const BATCH: usize = 50;

/// The EC2 instances of one target.
#[derive(Debug)]
pub(crate) struct Ec2Instances {
    pub(crate) client: Client,
    pub(crate) spoke: Spoke,
    pub(crate) rates: Arc<Rates>,
}

/// What becomes of an instance that stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rest {
    /// It shuts down.
    ShutDown,
    /// It writes its memory to its root volume first.
    Hibernate,
}

impl Ec2Instances {
    pub(crate) fn as_spoke(&self) -> aws_sdk_ec2::config::Builder {
        as_spoke!(aws_sdk_ec2, self.spoke)
    }

    pub(super) async fn start(&self, ids: Vec<ResourceId>) -> Outcome {
        self.rates.take(Call::Start(ids.len())).await;
        let request = self.client.start_instances().set_instance_ids(Some(texts(&ids)));
        let answer = request.customize().config_override(self.as_spoke()).send().await;
        outcome("ec2:StartInstances", answer)
    }

    pub(super) async fn stop(&self, ids: Vec<ResourceId>, rest: Rest) -> Outcome {
        self.rates.take(Call::Stop(ids.len())).await;
        let hibernate = (rest == Rest::Hibernate).then_some(true);
        let request = self.client.stop_instances().set_instance_ids(Some(texts(&ids)));
        let request = request.set_hibernate(hibernate);
        let answer = request.customize().config_override(self.as_spoke()).send().await;
        outcome("ec2:StopInstances", answer)
    }

    /// Makes a stopped instance one of another type.
    pub(super) async fn modify(&self, id: &ResourceId, to: &InstanceType) -> Outcome {
        self.rates.take(Call::Change).await;
        let value = AttributeValue::builder().value(to.as_str()).build();
        let request =
            self.client.modify_instance_attribute().instance_id(id.as_str()).instance_type(value);
        let answer = request.customize().config_override(self.as_spoke()).send().await;
        outcome("ec2:ModifyInstanceAttribute", answer)
    }
}

pub(super) fn texts(ids: &[ResourceId]) -> Vec<String> {
    ids.iter().map(ToString::to_string).collect()
}
