use std::thread;

use super::*;

const SOON: Duration = Duration::from_millis(1);

fn free() -> Item {
    Item {
        effect: Effect::None,
        keeps_id: false,
        is_awaited: false,
        may_wait: true,
    }
}

fn awaited() -> Item {
    Item {
        is_awaited: true,
        ..free()
    }
}

fn serving() -> Queue {
    let queue = Queue::new(Duration::from_secs(10));
    queue.serve();
    queue
}

#[track_caller]
fn push(queue: &Queue, item: Item, text: &str) -> Ticket {
    queue
        .push(item, |out| out.extend_from_slice(text.as_bytes()))
        .unwrap()
}

fn texts(batch: &Batch) -> Vec<&str> {
    let bytes = batch.entries().map(|(_, bytes)| bytes);
    bytes
        .map(|bytes| std::str::from_utf8(bytes).unwrap())
        .collect()
}

#[test]
fn entries_come_out_in_order_and_are_waited_for() {
    let queue = serving();
    let first = push(&queue, free(), "a");
    let second = push(&queue, awaited(), "bc");
    let taken = queue.take(Batch::default(), SOON, Linger::default());
    assert_eq!(texts(&taken), ["a", "bc"]);
    let third = push(&queue, free(), "d");
    queue.written(taken.len());
    assert_eq!(queue.wait(first), Ok(()));
    assert_eq!(queue.wait(second), Ok(()));
    thread::scope(|scope| {
        let waiter = scope.spawn(|| queue.wait(third));
        let taken = queue.take(taken, Duration::from_secs(5), Linger::default());
        assert_eq!(texts(&taken), ["d"]);
        queue.written(taken.len());
        assert_eq!(waiter.join().unwrap(), Ok(()));
    });
    assert_eq!(queue.wait(Ticket::NONE), Ok(()));
}

#[test]
fn after_a_failure_nobody_is_told_that_an_entry_of_before_is_on_disk() {
    let queue = serving();
    let durable = push(&queue, awaited(), "a");
    let taken = queue.take(Batch::default(), SOON, Linger::default());
    queue.written(taken.len());
    let lost = push(&queue, awaited(), "b");
    push(&queue, free(), "c");
    let taken = queue.take(taken, SOON, Linger::default());
    push(&queue, free(), "d");
    queue.fail(&taken);
    assert_eq!(queue.wait(lost), Err(StoreError::Unavailable));
    assert_eq!(
        queue.push(awaited(), |_| panic!("it must not be encoded")),
        Err(StoreError::Unavailable)
    );
    // What nobody waits for is kept, in order, before what comes meanwhile.
    push(&queue, free(), "e");
    queue.serve();
    // What was kept can be waited for like any other.
    let kept = queue.last_ticket();
    let taken = thread::scope(|scope| {
        let waiter = scope.spawn(|| queue.wait(kept));
        let taken = queue.take(Batch::default(), SOON, Linger::default());
        assert_eq!(texts(&taken), ["c", "d", "e"]);
        queue.written(taken.len());
        assert_eq!(waiter.join().unwrap(), Ok(()));
        taken
    });
    let later = push(&queue, awaited(), "f");
    let taken = queue.take(taken, SOON, Linger::default());
    queue.written(taken.len());
    assert_eq!(queue.wait(later), Ok(()));
    assert_eq!(queue.wait(durable), Ok(()));
    assert_eq!(queue.wait(lost), Err(StoreError::Unavailable));
}

#[test]
fn a_full_queue_is_waited_for_unless_that_must_not_be() {
    let queue = serving();
    for _ in 0..QUEUE_ENTRIES_MAX {
        push(&queue, free(), "x");
    }
    let close = || Item {
        may_wait: false,
        ..free()
    };
    for _ in 0..QUEUE_ENTRIES_MAX {
        push(&queue, close(), "c");
    }
    assert_eq!(queue.push(close(), |_| ()), Err(StoreError::Unavailable));
    queue.lose();
    assert_eq!((queue.take_lost(), queue.take_lost()), (1, 0));
    thread::scope(|scope| {
        let waiter = scope.spawn(|| push(&queue, free(), "y"));
        let taken = queue.take(Batch::default(), SOON, Linger::default());
        assert_eq!(taken.len(), 2 * QUEUE_ENTRIES_MAX);
        let number = 2 * QUEUE_ENTRIES_MAX as u64 + 1;
        assert_eq!(waiter.join().unwrap().number, number);
    });
}

#[test]
fn what_is_awaited_finds_room_always() {
    let queue = serving();
    for _ in 0..QUEUE_ENTRIES_MAX {
        push(&queue, free(), "x");
    }
    let ticket = push(&queue, awaited(), "granted");
    assert_eq!(ticket.number, QUEUE_ENTRIES_MAX as u64 + 1);
}

#[test]
fn who_waits_for_a_writer_that_is_gone_is_told() {
    let queue = serving();
    let waited_for = push(&queue, awaited(), "a");
    thread::scope(|scope| {
        let waiter = scope.spawn(|| queue.wait(waited_for));
        queue.abandon();
        assert_eq!(waiter.join().unwrap(), Err(StoreError::Unavailable));
    });
    assert_eq!(
        queue.push(awaited(), |_| panic!("it must not be encoded")),
        Err(StoreError::Unavailable)
    );
}

#[test]
fn a_closed_queue_gives_out_what_it_has_and_takes_nothing() {
    let queue = serving();
    push(&queue, free(), "a");
    queue.close();
    assert_eq!(queue.push(free(), |_| ()), Err(StoreError::Unavailable));
    assert_eq!(
        texts(&queue.take(Batch::default(), Duration::from_secs(5), Linger::default())),
        ["a"]
    );
    assert!(queue.is_closed());
}
