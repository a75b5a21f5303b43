//! The services: one file or folder each. A call arrives here admitted and leaves as an answer or an error.

pub(crate) mod application_autoscaling;
pub(crate) mod autoscaling;
pub(crate) mod cloudwatch;
pub(crate) mod dynamodb;
pub(crate) mod ec2;
pub(crate) mod ecs;
pub(crate) mod iam;
mod members;
pub(crate) mod organizations;
mod page;
pub(crate) mod rds;
pub(crate) mod redshift;
pub(crate) mod sqs;
pub(crate) mod ssm;
mod sts;
mod tagging;
mod tags;

use chrono::{DateTime, SecondsFormat, Utc};

use self::ec2::StateReason;
use crate::fault::Aftermath;
use crate::keyring::Principal;
use crate::place::Place;
use crate::wire::{Answer, ApiError, Dialect, Input, Refusal};
use crate::world::World;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Service {
    ApplicationAutoscaling,
    Autoscaling,
    Cloudwatch,
    Dynamodb,
    Ec2,
    Ecs,
    Iam,
    Organizations,
    Rds,
    Redshift,
    Sqs,
    Ssm,
    Sts,
    Tagging,
}

impl Service {
    pub(crate) fn signed_as(name: &str) -> Option<Self> {
        match name {
            "application-autoscaling" => Some(Self::ApplicationAutoscaling),
            "autoscaling" => Some(Self::Autoscaling),
            "monitoring" => Some(Self::Cloudwatch),
            "dynamodb" => Some(Self::Dynamodb),
            "ec2" => Some(Self::Ec2),
            "ecs" => Some(Self::Ecs),
            "iam" => Some(Self::Iam),
            "organizations" => Some(Self::Organizations),
            "rds" => Some(Self::Rds),
            "redshift" => Some(Self::Redshift),
            "sqs" => Some(Self::Sqs),
            "ssm" => Some(Self::Ssm),
            "sts" => Some(Self::Sts),
            "tagging" => Some(Self::Tagging),
            _ => None,
        }
    }

    /// The word before the colon in policies.
    fn prefix(self) -> &'static str {
        match self {
            Self::ApplicationAutoscaling => "application-autoscaling",
            Self::Autoscaling => "autoscaling",
            Self::Cloudwatch => "cloudwatch",
            Self::Dynamodb => "dynamodb",
            Self::Ec2 => "ec2",
            Self::Ecs => "ecs",
            Self::Iam => "iam",
            Self::Organizations => "organizations",
            Self::Rds => "rds",
            Self::Redshift => "redshift",
            Self::Sqs => "sqs",
            Self::Ssm => "ssm",
            Self::Sts => "sts",
            Self::Tagging => "tag",
        }
    }

    /// The namespace of its XML, or of the error types in its documents.
    pub(crate) fn namespace(self) -> &'static str {
        match self {
            Self::Autoscaling => "http://autoscaling.amazonaws.com/doc/2011-01-01/",
            Self::Cloudwatch => "com.amazonaws.cloudwatch",
            Self::Dynamodb => "com.amazonaws.dynamodb.v20120810",
            Self::Ec2 => "http://ec2.amazonaws.com/doc/2016-11-15/",
            Self::Iam => "https://iam.amazonaws.com/doc/2010-05-08/",
            Self::Rds => "http://rds.amazonaws.com/doc/2014-10-31/",
            Self::Redshift => "http://redshift.amazonaws.com/doc/2012-12-01/",
            Self::Sqs => "com.amazonaws.sqs",
            // These give none.
            Self::ApplicationAutoscaling
            | Self::Ecs
            | Self::Organizations
            | Self::Ssm
            | Self::Tagging => "",
            Self::Sts => "https://sts.amazonaws.com/doc/2011-06-15/",
        }
    }
}

/// A call let in: what is asked, by whom, where and when.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) place: Place,
    pub(crate) principal: Principal,
    pub(crate) service: Service,
    pub(crate) operation: String,
    pub(crate) dialect: Dialect,
    pub(crate) now: DateTime<Utc>,
    /// What faults make of what this call does.
    pub(crate) aftermath: Aftermath,
}

impl Call {
    /// The name policies have for it: `ec2:StartInstances`. A transaction has none: what is in it has, and here the
    /// whole is taken for its commonest part. Nor has a batch of messages, which is allowed where one message is.
    pub(crate) fn action(&self) -> String {
        let operation = match self.operation.as_str() {
            "TransactWriteItems" => "PutItem",
            "SendMessageBatch" => "SendMessage",
            "DeleteMessageBatch" => "DeleteMessage",
            operation => operation,
        };
        format!("{}:{operation}", self.service.prefix())
    }

    /// Why an instance that this call starts will fall back, if it will.
    fn falls_back(&self, instance: impl ToString, instance_type: &str) -> Option<StateReason> {
        let id = instance.to_string();
        let fall_back =
            self.aftermath.fall_backs.iter().find(|one| one.takes(&id, instance_type))?;
        Some(fall_back.reason.clone())
    }

    pub(crate) fn refuse(&self, refusal: Refusal) -> ApiError {
        refusal.in_dialect(self.dialect)
    }

    pub(crate) fn unknown_operation(&self) -> ApiError {
        let service = self.service.prefix().to_owned();
        self.refuse(Refusal::UnknownOperation { service, operation: self.operation.clone() })
    }
}

/// Does what a call asks.
pub(crate) fn perform(world: &mut World, call: &Call, input: &Input) -> Result<Answer, ApiError> {
    match (call.service, input) {
        (Service::Ec2, Input::Params(params)) => {
            ec2::perform(&mut world.region(&call.place).ec2, call, params).map(Answer::Xml)
        }
        (Service::Rds, Input::Params(params)) => {
            rds::perform(&mut world.region(&call.place).rds, call, params).map(Answer::Xml)
        }
        (Service::Redshift, Input::Params(params)) => {
            redshift::perform(&mut world.region(&call.place).redshift, call, params)
                .map(Answer::Xml)
        }
        (Service::Autoscaling, Input::Params(params)) => {
            autoscaling::perform(&mut world.region(&call.place).scaling, call, params)
                .map(Answer::Xml)
        }
        (Service::Iam, Input::Params(params)) => {
            iam::perform(&mut world.account(&call.place.home).roles, call, params).map(Answer::Xml)
        }
        (Service::Sts, Input::Params(params)) => sts::perform(world, call, params).map(Answer::Xml),
        (Service::Dynamodb, Input::Document(document)) => {
            dynamodb::perform(&mut world.region(&call.place).tables, call, document)
                .map(Answer::Document)
        }
        (Service::Ssm, Input::Document(document)) => {
            ssm::perform(&mut world.region(&call.place).ssm, call, document).map(Answer::Document)
        }
        (Service::Sqs, Input::Document(document)) => {
            sqs::perform(&mut world.region(&call.place).queues, call, document)
                .map(Answer::Document)
        }
        (Service::Ecs, Input::Document(document)) => {
            ecs::perform(&mut world.region(&call.place).ecs, call, document).map(Answer::Document)
        }
        (Service::ApplicationAutoscaling, Input::Document(document)) => {
            let region = world.region(&call.place);
            application_autoscaling::perform(&mut region.targets, &region.ecs, call, document)
                .map(Answer::Document)
        }
        (Service::Organizations, Input::Document(document)) => {
            organizations::perform(world, call, document).map(Answer::Document)
        }
        (Service::Tagging, Input::Document(document)) => {
            tagging::perform(world, call, document).map(Answer::Document)
        }
        (Service::Cloudwatch, Input::Document(document)) => {
            cloudwatch::perform(&mut world.metrics, call, document).map(Answer::Document)
        }
        // The right service in a wire format it does not speak here.
        (_, Input::Params(_) | Input::Document(_)) => Err(call.unknown_operation()),
    }
}

/// `2026-01-02T08:00:00.000Z`, as the XML services write instants.
fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// Seconds since 1970 with their fraction, as the JSON services write instants.
fn seconds(at: DateTime<Utc>) -> f64 {
    at.timestamp_millis() as f64 / 1000.0
}
