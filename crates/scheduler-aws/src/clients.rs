//! One SDK client per (service, Region). A client costs about a millisecond to make and 18 KB to keep, so they
//! are made when first needed and kept.

use std::{collections::HashMap, sync::Mutex};

use aws_types::SdkConfig;
use scheduler_core::Region;

use crate::Aws;

/// The clients made so far.
#[derive(Debug, Default)]
pub(crate) struct Clients {
    ec2: Kept<aws_sdk_ec2::Client>,
    rds: Kept<aws_sdk_rds::Client>,
    autoscaling: Kept<aws_sdk_autoscaling::Client>,
    ecs: Kept<aws_sdk_ecs::Client>,
    iam: Kept<aws_sdk_iam::Client>,
    lambda: Kept<aws_sdk_lambda::Client>,
    redshift: Kept<aws_sdk_redshift::Client>,
    scaling: Kept<aws_sdk_applicationautoscaling::Client>,
    tagging: Kept<aws_sdk_resourcegroupstagging::Client>,
    sts: Kept<aws_sdk_sts::Client>,
    organizations: Kept<aws_sdk_organizations::Client>,
    dynamodb: Kept<aws_sdk_dynamodb::Client>,
    sqs: Kept<aws_sdk_sqs::Client>,
    ssm: Kept<aws_sdk_ssm::Client>,
    cloudwatch: Kept<aws_sdk_cloudwatch::Client>,
}

#[derive(Debug)]
struct Kept<C>(Mutex<HashMap<Region, C>>);

impl<C> Default for Kept<C> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<C: Clone> Kept<C> {
    fn get(&self, aws: &Aws, region: &Region, make: impl FnOnce(&SdkConfig) -> C) -> C {
        // A poisoned lock means that making a client panicked; the map itself is whole.
        let mut clients = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(client) = clients.get(region) {
            return client.clone();
        }
        let config =
            aws.base.to_builder().region(aws_config::Region::new(region.to_string())).build();
        let client = make(&config);
        clients.insert(region.clone(), client.clone());
        client
    }
}

impl Aws {
    pub(crate) fn ec2(&self, region: &Region) -> aws_sdk_ec2::Client {
        self.clients.ec2.get(self, region, aws_sdk_ec2::Client::new)
    }

    pub(crate) fn rds(&self, region: &Region) -> aws_sdk_rds::Client {
        self.clients.rds.get(self, region, aws_sdk_rds::Client::new)
    }

    pub(crate) fn autoscaling(&self, region: &Region) -> aws_sdk_autoscaling::Client {
        self.clients.autoscaling.get(self, region, aws_sdk_autoscaling::Client::new)
    }

    pub(crate) fn ecs(&self, region: &Region) -> aws_sdk_ecs::Client {
        self.clients.ecs.get(self, region, aws_sdk_ecs::Client::new)
    }

    pub(crate) fn iam(&self, region: &Region) -> aws_sdk_iam::Client {
        self.clients.iam.get(self, region, aws_sdk_iam::Client::new)
    }

    pub(crate) fn lambda(&self, region: &Region) -> aws_sdk_lambda::Client {
        self.clients.lambda.get(self, region, aws_sdk_lambda::Client::new)
    }

    pub(crate) fn redshift(&self, region: &Region) -> aws_sdk_redshift::Client {
        self.clients.redshift.get(self, region, aws_sdk_redshift::Client::new)
    }

    pub(crate) fn scaling(&self, region: &Region) -> aws_sdk_applicationautoscaling::Client {
        self.clients.scaling.get(self, region, aws_sdk_applicationautoscaling::Client::new)
    }

    pub(crate) fn tagging(&self, region: &Region) -> aws_sdk_resourcegroupstagging::Client {
        self.clients.tagging.get(self, region, aws_sdk_resourcegroupstagging::Client::new)
    }

    pub(crate) fn sts(&self, region: &Region) -> aws_sdk_sts::Client {
        self.clients.sts.get(self, region, aws_sdk_sts::Client::new)
    }

    pub(crate) fn organizations(&self, region: &Region) -> aws_sdk_organizations::Client {
        self.clients.organizations.get(self, region, aws_sdk_organizations::Client::new)
    }

    pub(crate) fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        self.clients.dynamodb.get(self, self.home(), aws_sdk_dynamodb::Client::new)
    }

    pub(crate) fn sqs(&self) -> aws_sdk_sqs::Client {
        self.clients.sqs.get(self, self.home(), aws_sdk_sqs::Client::new)
    }

    pub(crate) fn ssm(&self, region: &Region) -> aws_sdk_ssm::Client {
        self.clients.ssm.get(self, region, aws_sdk_ssm::Client::new)
    }

    pub(crate) fn cloudwatch(&self) -> aws_sdk_cloudwatch::Client {
        self.clients.cloudwatch.get(self, self.home(), aws_sdk_cloudwatch::Client::new)
    }
}
