//! DescribeInstanceTypes and ModifyInstanceAttribute.

use super::{Stage, code, params};
use crate::{CallError, texts};

impl Stage {
    async fn modify(&self, id: &str, attribute: &str, value: &str) -> Result<String, CallError> {
        let change = params(&[("InstanceId", id), (attribute, value)]);
        self.call("ModifyInstanceAttribute", &change).await
    }

    async fn types(&self, extra: &[(&str, &str)]) -> Result<String, CallError> {
        self.call("DescribeInstanceTypes", &params(extra)).await
    }

    async fn stop(&self, id: &str) {
        self.on("StopInstances", &[id]).await.unwrap();
        self.later(40);
    }
}

#[tokio::test]
async fn a_stopped_instance_changes_its_type() {
    let stage = Stage::new();
    let id = stage.running(1, &[]).await.remove(0);
    let error = stage.modify(&id, "InstanceType.Value", "t3.large").await.unwrap_err();
    assert_eq!(error.code, "IncorrectInstanceState");
    assert_eq!(error.message, format!("The instance '{id}' is not in the 'stopped' state."));
    stage.stop(&id).await;
    stage.modify(&id, "InstanceType.Value", "t3.large").await.unwrap();
    stage.modify(&id, "EbsOptimized.Value", "true").await.unwrap();
    let answer = stage.describe(&[]).await.unwrap();
    assert_eq!(texts(&answer, "instanceType"), ["t3.large"]);
    assert_eq!(texts(&answer, "ebsOptimized"), ["true"]);
    let found = [("Filter.1.Name", "instance-type"), ("Filter.1.Value.1", "t3.large")];
    assert_eq!(texts(&stage.describe(&found).await.unwrap(), "instanceId"), [id.as_str()]);

    for (attribute, value, expected) in [
        ("InstanceType.Value", "m5.gigantic", "InvalidParameterValue"),
        ("InstanceType.Value", "m7g.large", "InvalidParameterValue"),
        ("UserData.Value", "x", "InvalidParameterCombination"),
    ] {
        let refused = stage.modify(&id, attribute, value).await;
        assert_eq!(code(refused), expected, "{attribute} {value}");
    }
    let missing = stage.modify("i-12345678", "InstanceType.Value", "t3.large").await;
    assert_eq!(code(missing), "InvalidInstanceID.NotFound");
}

#[tokio::test]
async fn a_type_that_does_not_fit_shows_at_the_start() {
    let stage = Stage::new();
    let old = [("ImageId", "ami-noena"), ("InstanceType", "m4.large"), ("EbsOptimized", "true")];
    let old = [&old[..], &[("MinCount", "1"), ("MaxCount", "1")]].concat();
    let id =
        texts(&stage.call("RunInstances", &params(&old)).await.unwrap(), "instanceId").remove(0);
    stage.later(20);
    let answer = stage.describe(&[]).await.unwrap();
    assert_eq!(texts(&answer, "enaSupport"), ["false"]);
    assert_eq!(texts(&answer, "currentInstanceBootMode"), ["legacy-bios"]);
    stage.stop(&id).await;
    for (kind, expected) in
        [("m5.large", "InvalidParameterCombination"), ("t2.large", "Unsupported")]
    {
        stage.modify(&id, "InstanceType.Value", kind).await.unwrap();
        assert_eq!(code(stage.on("StartInstances", &[&id]).await), expected, "{kind}");
    }
    stage.modify(&id, "EbsOptimized.Value", "false").await.unwrap();
    stage.on("StartInstances", &[&id]).await.unwrap();
}

#[tokio::test]
async fn types_are_described() {
    let stage = Stage::new();
    let rows = [
        ("t3.micro", "x86_64", "nitro", "required", "default", "required"),
        ("m7g.large", "arm64", "nitro", "required", "default", "required"),
        ("m4.large", "x86_64", "xen", "unsupported", "default", "unsupported"),
        ("i3.large", "x86_64", "xen", "supported", "default", "supported"),
    ];
    for (kind, architecture, hypervisor, ena, ebs, nvme) in rows {
        let answer = stage.types(&[("InstanceType.1", kind)]).await.unwrap();
        let text = |element| texts(&answer, element).remove(0);
        assert_eq!(texts(&text("supportedArchitectures"), "item"), [architecture], "{kind}");
        assert_eq!(text("hypervisor"), hypervisor, "{kind}");
        assert_eq!((text("enaSupport"), text("nvmeSupport")), (ena.into(), nvme.into()), "{kind}");
        assert_eq!(text("ebsOptimizedSupport"), ebs, "{kind}");
    }
    let unknown = [("InstanceType.1", "t3.micro"), ("InstanceType.2", "t9.micro")];
    let error = stage.types(&unknown).await.unwrap_err();
    assert_eq!(error.code, "InvalidInstanceType");
    assert_eq!(error.message, "The following supplied instance types do not exist: [t9.micro]");
}

#[tokio::test]
async fn types_come_in_pages() {
    let stage = Stage::new();
    let nine = [("Filter.1.Name", "instance-type"), ("Filter.1.Value.1", "m5.*")];
    let first = stage.types(&[&nine[..], &[("MaxResults", "5")]].concat()).await.unwrap();
    assert_eq!(texts(&first, "instanceType").len(), 5);
    let token = texts(&first, "nextToken").remove(0);
    let rest = [&nine[..], &[("MaxResults", "5"), ("NextToken", token.as_str())]].concat();
    let second = stage.types(&rest).await.unwrap();
    assert_eq!(texts(&second, "instanceType").len(), 4);
    assert!(texts(&second, "nextToken").is_empty());
    let everything = stage.types(&[]).await.unwrap();
    assert_eq!(texts(&everything, "instanceType").len(), 100);
}
