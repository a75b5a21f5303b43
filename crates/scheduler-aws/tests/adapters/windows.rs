//! Windows: those of databases and warehouses, and the maintenance windows of Systems Manager by name.

use scheduler_core::window::{LEAD, Purpose, Window};
use serde_json::json;

use super::*;

/// `maintenance mon:09:30-mon:10:00 02 09:20 02 10:00`: what it is, and when it is open around an instant.
fn shown(window: &Window, at: &str) -> String {
    let purpose = match window.purpose {
        Purpose::Maintenance => "maintenance",
        Purpose::Backup => "backup",
    };
    let open = window.open_at(at.parse().unwrap(), LEAD).map_or("closed".into(), |open| {
        format!("{} {}", open.opened.format("%d %H:%M"), open.until.format("%d %H:%M"))
    });
    format!("{purpose} {} {open}", window.name)
}

#[tokio::test]
async fn databases_and_warehouses_have_windows_of_their_own() {
    let world = World::new().await;
    let windows = [
        ("PreferredMaintenanceWindow", "mon:09:30-mon:10:00"),
        ("PreferredBackupWindow", "23:45-00:15"),
        ("Tags.Tag.1.Key", "Schedule"),
        ("Tags.Tag.1.Value", "office"),
    ];
    let create = async |service: &str, action: &str, parameters: &[(&str, &str)]| {
        let all = [parameters, &windows].concat();
        world.spoke.query(service, action, &all).await.unwrap();
    };
    let database = [
        ("DBInstanceIdentifier", "orders"),
        ("DBInstanceClass", "db.t4g.medium"),
        ("Engine", "postgres"),
        ("AllocatedStorage", "20"),
    ];
    create("rds", "CreateDBInstance", &database).await;
    let cluster = [("DBClusterIdentifier", "ledger"), ("Engine", "neptune")];
    create("rds", "CreateDBCluster", &cluster).await;
    let warehouse = [
        ("ClusterIdentifier", "figures"),
        ("NodeType", "ra3.large"),
        ("ClusterType", "single-node"),
        ("MasterUsername", "admin"),
    ];
    create("redshift", "CreateCluster", &warehouse).await;
    let maintenance = "maintenance mon:09:30-mon:10:00 02 09:20 02 10:00";
    let backup = "backup 23:45-00:15 closed";
    for (kind, id, expected) in [
        (Kind::RdsInstance, "orders", &[maintenance, backup][..]),
        (Kind::RdsCluster, "ledger", &[maintenance, backup]),
        (Kind::RedshiftCluster, "figures", &[maintenance]),
    ] {
        let found = world.find(kind, id).await.windows;
        let shown: Vec<_> =
            found.iter().map(|window| shown(window, "2026-03-02T09:25:00Z")).collect();
        assert_eq!(shown, expected, "{kind}");
    }
}

#[tokio::test]
async fn windows_of_systems_manager_are_known_by_name_over_all_pages() {
    let world = World::new().await;
    for n in 0..100 {
        stage::create_maintenance_window(&world.spoke, &format!("filler-{n}"), "cron(0 9 ? * * *)")
            .await
            .unwrap();
    }
    let patch = json!({
        "Name": "patch", "Schedule": "cron(0 3 ? * TUE *)", "ScheduleTimezone": "Europe/Berlin",
        "Duration": 2, "Cutoff": 0, "AllowUnassociatedTargets": false,
    });
    world.spoke.json("ssm", "AmazonSSM.CreateMaintenanceWindow", patch).await.unwrap();
    stage::create_maintenance_window(&world.spoke, "patch", "cron(0 3 ? * SUN *)").await.unwrap();
    stage::create_maintenance_window(&world.spoke, "odd", "cron(0 3)").await.unwrap();
    let off = stage::create_maintenance_window(&world.spoke, "off", "cron(0 3 ? * * *)");
    let off = json!({"WindowId": off.await.unwrap(), "Enabled": false});
    world.spoke.json("ssm", "AmazonSSM.UpdateMaintenanceWindow", off).await.unwrap();

    let settings = world.settings().await;
    let named = world.aws.spokes(&settings, now()).windows(&spoke()).await.unwrap();
    assert_eq!(world.calls("DescribeMaintenanceWindows"), 2);
    let filler = named.keys().filter(|name| name.starts_with("filler-")).count();
    let others: Vec<_> = named.keys().filter(|name| !name.starts_with("filler-")).collect();
    assert_eq!(
        (filler, others),
        (100, vec![&"patch".to_owned()]),
        "neither what is off nor what is odd"
    );
    let tuesday = "2026-03-03T02:30:00Z";
    let mut shown: Vec<_> = named["patch"].iter().map(|window| shown(window, tuesday)).collect();
    shown.sort();
    assert_eq!(shown, ["maintenance patch 03 01:50 03 04:00", "maintenance patch closed"]);
}
