//! An AWS in this process, at the wire, for the demo, the tests and the load bench.
//!
//! It answers the operations Dayshift uses, and those it takes to set a stage for them, in the wire formats that the
//! SDKs really send: AWS query and EC2 query (XML), JSON 1.0 and 1.1, and rpc-v2-cbor. Sessions, adapters and error
//! handling under test are therefore the real ones.
//!
//! ```text
//! http::Request -> wire -> Received -> world.admit -> faults -> services -> Answer -> wire -> http::Response
//!                          (decoded)  (who, may they)          (state)               (encoded)
//! ```
//!
//! There are two fronts on one state: [`Sandbox::handle`], to be put behind an SDK's HTTP client (no sockets), and
//! [`Server`], the same over loopback HTTP/1.1. [`Caller`] is a wire-level client to set a stage with: everything is
//! created as a deployment would create it, through the AWS APIs; only accounts and their root keys exist before that.
//!
//! Invariants:
//! - **Time is simulated.** Nothing moves unless [`Sandbox::set_now`] moves the clock, and it never moves backwards.
//!   Transitions (pending to running, the seven days of a stopped database) are computed from the clock when asked for.
//! - **The same calls give the same answers.** Ids, keys and request ids derive from counters and names; there is no
//!   randomness and no clock of its own.
//! - **Signatures are not verified.** The access key id in the Authorization header says who calls, its scope says
//!   which Region and service; a session's token must match. Anybody who knows a key id is believed.
//! - **What is not known is refused by name**, with AWS's error code for it, rather than guessed at.
//!
//! What is simpler than AWS is said in the documentation of each service's module.

mod caller;
mod calls;
mod clock;
mod control;
mod fault;
mod keyring;
mod place;
mod policy;
mod sandbox;
mod server;
mod services;
mod wire;
mod world;

pub mod stage;

pub use caller::{CallError, Caller, texts};
pub use calls::CallCount;
pub use fault::{Effect, Fault, Rate, Share};
pub use keyring::{Credentials, Session};
pub use sandbox::{ConnectionLost, Handled, Sandbox};
pub use server::Server;
pub use services::cloudwatch::{Datum, Reading};
