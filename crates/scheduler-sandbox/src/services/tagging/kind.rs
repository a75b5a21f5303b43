//! The kinds of resources whose tags can be changed here, and how their own services are asked to.

use serde_json::json;

use crate::place::Place;
use crate::services::Service;
use crate::services::tags::Tags;
use crate::wire::{Input, Params};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Service,
    Instance,
    /// Of RDS: an instance or a cluster.
    Database,
    Warehouse,
}

/// What is to be done to the tags of a resource.
#[derive(Debug)]
pub(super) enum Change<'a> {
    Add(Tags),
    Remove(Vec<&'a str>),
}

/// `ecs:service`: the service and the type in an ARN, as filters write them.
pub(super) fn type_name(arn: &str) -> Option<String> {
    let mut parts = arn.splitn(6, ':');
    let ("arn", Some(_), Some(service)) = (parts.next()?, parts.next(), parts.next()) else {
        return None;
    };
    let resource = parts.nth(2)?;
    let kind = resource.split(['/', ':']).next().filter(|kind| !kind.is_empty())?;
    Some(format!("{service}:{kind}"))
}

impl Kind {
    /// The kind of the resource with this ARN, if it is one in this place that can be tagged from here.
    pub(super) fn of(place: &Place, arn: &str) -> Option<Self> {
        let type_name = type_name(arn)?;
        let (service, _) = type_name.split_once(':')?;
        let here = arn.starts_with(&place.arn(service, ""));
        let kind = match &*type_name {
            "ecs:service" => Self::Service,
            "ec2:instance" => Self::Instance,
            "rds:db" | "rds:cluster" => Self::Database,
            "redshift:cluster" => Self::Warehouse,
            _ => return None,
        };
        here.then_some(kind)
    }

    pub(super) fn service(self) -> Service {
        match self {
            Self::Service => Service::Ecs,
            Self::Instance => Service::Ec2,
            Self::Database => Service::Rds,
            Self::Warehouse => Service::Redshift,
        }
    }

    pub(super) fn operation(self, change: &Change<'_>) -> &'static str {
        let (add, remove) = match self {
            Self::Service => ("TagResource", "UntagResource"),
            Self::Instance | Self::Warehouse => ("CreateTags", "DeleteTags"),
            Self::Database => ("AddTagsToResource", "RemoveTagsFromResource"),
        };
        match change {
            Change::Add(_) => add,
            Change::Remove(_) => remove,
        }
    }

    /// The request to its own service.
    pub(super) fn request(self, arn: &str, change: &Change<'_>) -> Input {
        match self {
            Self::Service => Input::Document(match change {
                Change::Add(tags) => {
                    let pair = |(key, value)| json!({"key": key, "value": value});
                    json!({"resourceArn": arn, "tags": tags.iter().map(pair).collect::<Vec<_>>()})
                }
                Change::Remove(keys) => json!({"resourceArn": arn, "tagKeys": keys}),
            }),
            Self::Instance => {
                let id = arn.rsplit('/').next().unwrap_or_default();
                form(("ResourceId.1", id), change, "Tag", None)
            }
            Self::Database => {
                form(("ResourceName", arn), change, "Tags.Tag", Some("TagKeys.member"))
            }
            Self::Warehouse => {
                form(("ResourceName", arn), change, "Tags.Tag", Some("TagKeys.TagKey"))
            }
        }
    }
}

/// A query with the tags, or with the keys as a list of their own where the service has one.
fn form(named: (&str, &str), change: &Change<'_>, tags: &str, keys: Option<&str>) -> Input {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair(named.0, named.1);
    match (change, keys) {
        (Change::Add(added), _) => {
            for (number, (key, value)) in (1..).zip(added) {
                form.append_pair(&format!("{tags}.{number}.Key"), key);
                form.append_pair(&format!("{tags}.{number}.Value"), value);
            }
        }
        (Change::Remove(removed), keys) => {
            for (number, key) in (1..).zip(removed) {
                let name = keys.map(|keys| format!("{keys}.{number}"));
                form.append_pair(&name.unwrap_or_else(|| format!("{tags}.{number}.Key")), key);
            }
        }
    }
    Input::Params(Params::parse(form.finish().as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arn_tells_its_type() {
        let cases = [
            ("arn:aws:ecs:eu-west-1:1:service/main/web", Some("ecs:service")),
            ("arn:aws:rds:eu-west-1:1:db:orders", Some("rds:db")),
            (
                "arn:aws:autoscaling:eu-west-1:1:autoScalingGroup:u:n",
                Some("autoscaling:autoScalingGroup"),
            ),
            ("arn:aws:ecs", None),
            ("web", None),
        ];
        for (arn, expected) in cases {
            assert_eq!(type_name(arn).as_deref(), expected, "{arn}");
        }
    }
}
