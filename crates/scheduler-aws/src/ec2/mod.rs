//! EC2 instances: `list` finds them, `power` starts and stops them, `retype` starts them as another type. `calls` has the
//! requests that change something, `catalogue` and `fell` read what AWS says of instances and types.

mod attempt;
mod calls;
mod catalogue;
mod fell;
mod list;
mod power;
mod retype;

pub(crate) use calls::Ec2Instances;
