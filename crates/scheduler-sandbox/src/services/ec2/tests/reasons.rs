//! Hibernation, instances that cannot be stopped, and starts that fall back: why an instance is in its state.

use super::{Stage, code, list, name, params};
use crate::{Effect, Fault, texts};

impl Stage {
    /// Launches one instance with more parameters than most have, and waits until it runs.
    async fn special(&self, extra: &[(&str, &str)]) -> String {
        let mut all = params(&[("InstanceType", "m5.large"), ("MinCount", "1"), ("MaxCount", "1")]);
        if !extra.iter().any(|(name, _)| *name == "ImageId") {
            all.extend(params(&[("ImageId", "ami-1")]));
        }
        all.extend(params(extra));
        let answer = self.call("RunInstances", &all).await.unwrap();
        self.later(20);
        texts(&answer, "instanceId").remove(0)
    }

    /// The state of one instance, its reason's code, and the reason for people.
    async fn why(&self, id: &str) -> (String, Option<String>, String) {
        let answer = self.on("DescribeInstances", &[id]).await.unwrap();
        let reason = texts(&answer, "stateReason").first().map(|one| texts(one, "code").remove(0));
        let state = name(&texts(&answer, "instanceState")[0]);
        (state, reason, texts(&answer, "reason").remove(0))
    }
}

#[tokio::test]
async fn only_what_was_set_up_for_it_hibernates() {
    let stage = Stage::new();
    let sleepy = stage.special(&[("HibernationOptions.Configured", "true")]).await;
    let plain = stage.special(&[]).await;
    let hibernate =
        |ids: &[&String]| [list("InstanceId", ids), params(&[("Hibernate", "true")])].concat();
    let error = stage.call("StopInstances", &hibernate(&[&sleepy, &plain])).await.unwrap_err();
    assert_eq!(error.code, "UnsupportedHibernationConfiguration");
    assert!(error.message.contains(&plain) && !error.message.contains(&sleepy));

    stage.call("StopInstances", &hibernate(&[&sleepy])).await.unwrap();
    stage.later(40);
    let (state, code, reason) = stage.why(&sleepy).await;
    assert_eq!(
        (state.as_str(), code.as_deref()),
        ("stopped", Some("Client.UserInitiatedHibernate"))
    );
    assert_eq!(reason, "User initiated (2026-03-02 08:00:40 GMT)");
    stage.on("StopInstances", &[&sleepy]).await.unwrap();
    assert_eq!(stage.why(&sleepy).await.1.as_deref(), Some("Client.UserInitiatedHibernate"));
    stage.on("StartInstances", &[&sleepy]).await.unwrap();
    stage.later(20);
    assert_eq!(stage.why(&sleepy).await, ("running".into(), None, String::new()));
    let answer = stage.on("DescribeInstances", &[&sleepy]).await.unwrap();
    assert_eq!(texts(&texts(&answer, "hibernationOptions")[0], "configured"), ["true"]);
}

#[tokio::test]
async fn an_instance_store_cannot_be_stopped() {
    let stage = Stage::new();
    let id = stage.special(&[("ImageId", "ami-store1")]).await;
    assert_eq!(code(stage.on("StopInstances", &[&id]).await), "UnsupportedOperation");
    let answer = stage.on("DescribeInstances", &[&id]).await.unwrap();
    assert_eq!(texts(&answer, "rootDeviceType"), ["instance-store"]);
}

#[tokio::test]
async fn a_start_falls_back_for_the_instance_it_is_about() {
    let stage = Stage::new();
    let ids = stage.running(2, &[]).await;
    stage.on("StopInstances", &ids).await.unwrap();
    stage.later(40);
    let effect = Effect::FallBack {
        code: "Client.InternalError".into(),
        message: "Client error on launch".into(),
    };
    let fault = Fault { resource: Some(ids[0].clone()), times: Some(1), ..Fault::always(effect) };
    stage.sandbox.inject(fault);
    let answer = stage.on("StartInstances", &ids).await.unwrap();
    assert_eq!(
        texts(&answer, "currentState").iter().map(|s| name(s)).collect::<Vec<_>>(),
        ["pending"; 2]
    );
    assert_eq!(stage.states().await, ["pending", "pending"]);
    stage.later(20);
    assert_eq!(stage.states().await, ["stopped", "running"]);
    let failed = Some("Client.InternalError".to_owned());
    assert_eq!(stage.why(&ids[0]).await, ("stopped".into(), failed, "Client.InternalError".into()));
    let answer = stage.on("DescribeInstances", &ids[..1]).await.unwrap();
    assert_eq!(texts(&answer, "message"), ["Client.InternalError: Client error on launch"]);
    // The fault is spent, and the next start succeeds.
    stage.on("StartInstances", &ids).await.unwrap();
    stage.later(20);
    assert_eq!(stage.states().await, ["running", "running"]);
}

#[tokio::test]
async fn a_type_may_have_no_capacity() {
    let stage = Stage::new();
    let scarce = stage.special(&[]).await;
    let plenty = stage.running(1, &[]).await.remove(0);
    stage.on("StopInstances", &[&scarce, &plenty]).await.unwrap();
    stage.later(40);
    let none = Effect::Error {
        status: 500,
        code: "InsufficientInstanceCapacity".into(),
        message: "none".into(),
    };
    let fault = |effect| Fault { resource: Some("m5.large".into()), ..Fault::always(effect) };
    stage.sandbox.inject(fault(none));
    let error = stage.on("StartInstances", &[&plenty, &scarce]).await.unwrap_err();
    assert_eq!((error.status, error.code.as_str()), (500, "InsufficientInstanceCapacity"));
    stage.on("StartInstances", &[&plenty]).await.unwrap();

    stage.sandbox.clear_faults();
    let code = "Server.InsufficientInstanceCapacity";
    stage.sandbox.inject(fault(Effect::FallBack { code: code.into(), message: "none".into() }));
    stage.on("StartInstances", &[&plenty, &scarce]).await.unwrap();
    stage.later(20);
    assert_eq!(stage.states().await, ["stopped", "running"]);
    assert_eq!(stage.why(&scarce).await.1.as_deref(), Some(code));
}
