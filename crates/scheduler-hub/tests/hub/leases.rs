//! Passes that overlap, and holders that die.

use super::*;

fn busy_with(answer: &Answer) -> Option<&str> {
    match answer {
        Answer::Skipped(skipped) => Some(&skipped.busy),
        Answer::Run(_)
        | Answer::Begun(_)
        | Answer::Shards(_)
        | Answer::Status(_)
        | Answer::Explain(_)
        | Answer::Doctor(_) => None,
    }
}

/// The rule's pass leaves it to the one at work; a person's waits for its end, and finds everything done.
#[tokio::test]
async fn of_two_passes_at_once_one_does_the_work() {
    for (second, skips) in [(rule(), true), (json!({"action": "run"}), false)] {
        let world = World::new().await;
        let id = world.launch(&world.spoke, Some("office")).await;
        world.wait();
        world.stage.sandbox.inject(Fault {
            operation: Some("DescribeInstances".into()),
            ..Fault::always(Effect::Latency(Duration::from_millis(300)))
        });
        let later = async {
            tokio::time::sleep(Duration::from_millis(100)).await;
            world.ask_as("second", second).await
        };
        let (first, second) = tokio::join!(world.ask_as("first", rule()), later);
        let (first, second) = (first.unwrap().into_run().unwrap(), second.unwrap());
        assert_eq!(word(row(&first, &id)), "stop");
        assert_eq!(busy_with(&second), skips.then_some("first"));
        if let Some(second) = second.into_run() {
            assert_eq!(word(row(&second, &id)), "in-transition");
        }
        assert_eq!(world.calls("StopInstances"), 1);
    }
}

#[tokio::test]
async fn what_a_pass_that_died_left_undone_is_done_once_its_lease_expires() {
    let world = World::new().await;
    let id = world.launch(&world.spoke, Some("office")).await;
    world.wait();
    world.stage.sandbox.inject(Fault {
        operation: Some("StopInstances".into()),
        times: Some(1),
        ..Fault::always(Effect::Hang)
    });
    let dying = world.ask_as("dead", rule());
    tokio::time::timeout(Duration::from_millis(300), dying).await.unwrap_err();
    let later = |seconds| {
        let now = world.stage.sandbox.now();
        world.stage.sandbox.set_now(now + TimeDelta::seconds(seconds));
    };
    // As long as the dead one had left, and half a minute for what may still be under way.
    later(59);
    assert_eq!(busy_with(&world.ask_as("next", rule()).await.unwrap()), Some("dead"));
    assert_eq!(world.state(&id).await, "running");
    later(2);
    let run = world.ask_as("next", rule()).await.unwrap().into_run().unwrap();
    assert_eq!(word(row(&run, &id)), "stop");
    assert_eq!(world.calls("StopInstances"), 2, "one of them never arrived");
}
