//! The stage as those who stand on it see it.

use chrono::{TimeDelta, TimeZone, Utc};

use super::*;

async fn spoke() -> (Sandbox, Caller) {
    let sandbox = Sandbox::new(Utc.with_ymd_and_hms(2026, 3, 2, 8, 0, 0).unwrap());
    let stage = Stage::deploy(&sandbox, "111111111111", "eu-west-1").await.unwrap();
    let spoke = stage.deploy_spoke("222222222222", "eu-west-1").await.unwrap();
    (sandbox, spoke)
}

#[tokio::test]
async fn what_is_created_can_be_read() {
    let (sandbox, spoke) = spoke().await;
    let sizes = Sizes { min: 0, max: 3, desired: 2 };
    create_group(&spoke, "web", sizes, Some("office")).await.unwrap();
    create_service(&spoke, "main", "api", 2, Some("office")).await.unwrap();
    create_scalable_target(&spoke, "main", "api", 1, 4).await.unwrap();
    create_warehouse(&spoke, "dw", None).await.unwrap();
    sandbox.set_now(sandbox.now() + TimeDelta::hours(1));
    assert_eq!(group_size(&spoke, "web").await.unwrap(), Some(sizes));
    assert_eq!(group_size(&spoke, "nobody").await.unwrap(), None);
    assert_eq!(service_count(&spoke, "main", "api").await.unwrap(), Some((2, 2)));
    assert_eq!(service_count(&spoke, "main", "nobody").await.unwrap(), None);
    assert_eq!(warehouse_state(&spoke, "dw").await.unwrap(), "available");
}
