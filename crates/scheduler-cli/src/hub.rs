//! Asking a hub: the function of a deployed stack, or the demo's in this process.

use scheduler_aws::{Aws, connect::Access, function::InvokeError};
use scheduler_hub::{Door, Request, admin};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{
    args::{AwsArgs, HubArgs},
    demo::World,
    exit::Failed,
};

/// Whoever answers.
pub(crate) enum Hub {
    Stack { aws: Box<Aws>, stack: String },
    Demo(Box<World>),
}

impl Hub {
    /// The hub that the command line names.
    pub(crate) async fn find(args: &HubArgs) -> Result<Self, Failed> {
        match &args.stack {
            Some(stack) => {
                let aws = Box::new(connect(&args.aws).await?);
                Ok(Hub::Stack { aws, stack: stack.clone() })
            }
            None => Ok(Hub::Demo(Box::new(World::new().await?))),
        }
    }

    /// What people call a resource, as the hub knows it: the demo's instances have names.
    pub(crate) fn resource<'a>(&'a self, name: &'a str) -> &'a str {
        match self {
            Hub::Stack { .. } => name,
            Hub::Demo(world) => world.id(name),
        }
    }

    /// Asks the scheduler, and understands the answer.
    pub(crate) async fn ask<A: DeserializeOwned>(&self, request: &Request) -> Result<A, Failed> {
        self.ask_at(Door::Scheduler, request).await
    }

    /// Asks the admin function, and understands the answer.
    pub(crate) async fn ask_admin<A: DeserializeOwned>(
        &self,
        request: &admin::Request,
    ) -> Result<A, Failed> {
        self.ask_at(Door::Admin, request).await
    }

    async fn ask_at<A: DeserializeOwned>(
        &self,
        door: Door,
        request: &impl Serialize,
    ) -> Result<A, Failed> {
        let request = serde_json::to_value(request).map_err(std::io::Error::from)?;
        let answer = match self {
            Hub::Stack { aws, stack } => {
                let function = door.function_of(stack);
                let answer = aws.invoke(&function, &request).await;
                answer.map_err(|error| unanswered(error, &function))?
            }
            Hub::Demo(world) => world.ask(door, &request).await?,
        };
        understood(answer)
    }
}

/// Connects as the command line says.
pub(crate) async fn connect(args: &AwsArgs) -> Result<Aws, Failed> {
    let access = Access {
        profile: args.profile.clone(),
        region: args.hub_region.clone(),
        endpoint_url: args.endpoint_url.clone(),
    };
    let aws = Aws::connect(access).await;
    aws.map_err(|error| Failed::usage("region", error, "write --hub-region, or set AWS_REGION"))
}

fn unanswered(error: InvokeError, function: &str) -> Failed {
    match error {
        InvokeError::Unreachable(failure) => {
            let help = format!(
                "check the stack's name, the Region, and that your credentials may invoke {function}"
            );
            Failed::unreachable(failure.code.as_str(), &failure, &help)
        }
        InvokeError::Refused { code, message } => refused(&code, message),
    }
}

/// What the admin function says of changes that would leave a mistake behind.
pub(crate) const MISTAKES: &str = "mistakes";

/// What a function says no with.
pub(crate) fn refused(code: &str, message: String) -> Failed {
    match code {
        "conflict" => {
            Failed::new(code, message, "run the command again, and look at the difference")
        }
        "owned-by-stack" => Failed::new(code, message, "change it in that stack's template"),
        MISTAKES => Failed::new(code, message, "nothing is changed; mend what is named"),
        _ => Failed::new(code, message, "the function's log has more"),
    }
}

fn understood<A: DeserializeOwned>(answer: Value) -> Result<A, Failed> {
    serde_json::from_value(answer).map_err(|error| {
        let help = "use the scheduler-cli of the version that is deployed";
        Failed::new("bad-answer", format!("the hub's answer is not understood: {error}"), help)
    })
}
