//! The stores: parameters, schedules, memories, leases; and metrics.

use scheduler_core::{memory::Memory, schedule::Desired};
use scheduler_engine::{
    Leases, MemoryStore,
    ports::{Acquired, Lease, Memories},
};
use scheduler_sandbox::stage::STACK;

use super::*;

#[tokio::test]
async fn parameters_are_read_over_all_pages_and_decrypted() {
    let world = World::new().await;
    for n in 0..12 {
        world.stage.put_parameter(&format!("more/p{n}"), "String", "x").await.unwrap();
    }
    let parameters = world.aws.parameters(&world.stage.prefix()).await.unwrap();
    assert_eq!(parameters.len(), 6 + 3 + 12);
    assert!(parameters["partitions/aws-cn/credentials"].contains("access_key_id"));
    assert!(world.calls("GetParametersByPath") >= 3);
}

#[tokio::test]
async fn the_config_table_is_read_over_all_pages() {
    let world = World::new().await;
    let filler = "x".repeat(60_000);
    for n in 0..40 {
        let period = serde_json::json!({"begintime": "09:00", "weekdays": ["mon-fri"], "description": filler});
        world.stage.put_item("period", &format!("p{n}"), &period).await.unwrap();
    }
    let config = world.aws.config(&format!("{STACK}-config")).await.unwrap();
    assert_eq!(config.items.len(), 40);
    assert!(world.calls("Scan") >= 3);
}

#[tokio::test]
async fn memories_come_back_as_they_were_saved() {
    let world = World::new().await;
    let table = format!("{STACK}-state");
    let store = world.aws.memory(&table);
    let memory = |n: usize| {
        let key = format!("ec2-instance/i-{n}").parse().unwrap();
        (key, Memory::blank(now(), "office").settle(Desired::Running, Some(now())))
    };
    let memories: Memories = (0..60).map(memory).collect();
    store.save(&spoke(), &memories).await.unwrap();
    assert_eq!(world.calls("BatchWriteItem"), 3);
    assert_eq!(store.load(&spoke()).await.unwrap().memories, memories);
    assert_eq!(store.load(&target(OTHER, REGION)).await.unwrap().memories, Memories::new());
}

#[tokio::test]
async fn metrics_arrive_in_batches() {
    use scheduler_engine::metrics::{Datum, Dimensions, Unit};
    let world = World::new().await;
    let datum = |n: usize| Datum {
        name: "Managed",
        dimensions: Dimensions::Schedule(format!("s{n}"), Kind::Ec2Instance),
        value: 1.0,
        unit: Unit::Count,
    };
    let data: Vec<_> = (0..1500).map(datum).collect();
    world.aws.publish("Dayshift/night", &data, now()).await.unwrap();
    assert_eq!((world.stage.sandbox.metrics().len(), world.calls("PutMetricData")), (1500, 2));
}

#[tokio::test]
async fn a_lease_is_one_holders_until_it_is_given_back_or_expires() {
    let world = World::new().await;
    let table = format!("{STACK}-state");
    let leases = world.aws.memory(&table);
    let at = |minutes| now() + TimeDelta::minutes(minutes);
    let lease = |holder: &str, until| Lease {
        name: "pass".into(),
        holder: holder.into(),
        until: at(until),
    };
    let held = |holder: &str, until| Acquired::No { holder: holder.into(), until: at(until) };
    for (minute, claim, expected) in [
        (0, lease("one", 5), Acquired::Yes),
        (1, lease("two", 6), held("one", 5)),
        (1, lease("one", 7), Acquired::Yes),
        (6, lease("two", 11), held("one", 7)),
        (7, lease("two", 12), Acquired::Yes),
        (8, lease("one", 13), held("two", 12)),
    ] {
        let acquired = leases.acquire(&claim, at(minute)).await.unwrap();
        assert_eq!(acquired, expected, "{} in minute {minute}", claim.holder);
    }
    // A holder that comes to late to give back what another has taken over takes nothing from it.
    for (giver, expected) in [("one", held("two", 12)), ("two", Acquired::Yes)] {
        leases.release(&lease(giver, 0)).await.unwrap();
        assert_eq!(leases.acquire(&lease("three", 20), at(9)).await.unwrap(), expected);
    }
}

/// The SDK asks again, and finds a lease of its own.
#[tokio::test]
async fn a_lease_whose_answer_was_lost_is_the_holders() {
    let world = World::new().await;
    let once = Fault { times: Some(1), ..fault(HUB, "PutItem", Effect::LoseAnswer) };
    world.stage.sandbox.inject(once);
    let table = format!("{STACK}-state");
    let lease = Lease { name: "pass".into(), holder: "one".into(), until: now() };
    let acquired = world.aws.memory(&table).acquire(&lease, now()).await;
    assert_eq!((acquired, world.calls("PutItem")), (Ok(Acquired::Yes), 2));
}
