//! Runs the commands of other terminals on a router, one after the other, and lets their answers
//! be written down. Also looks to the time of reservations, for routers that count by a clock of
//! the host's. Writes nothing itself.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::commands::Command;
use super::shared::{Answer, Order, Taken};
use crate::router::Router;
use crate::stream::operate;

/// How often it looks at the time, and whether it is needed still.
const TICK: Duration = Duration::from_millis(200);

/// The commands that other terminals give to a store's router.
#[derive(Debug)]
pub struct Inbox {
    pub(super) commands: Receiver<Command>,
    pub(super) orders: SyncSender<Order>,
}

/// Runs commands until it is dropped.
#[derive(Debug)]
pub struct Operator {
    stop: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Operator {
    /// Runs the commands of a store on the router that stands on it.
    ///
    /// # Errors
    /// When there is no thread to do it.
    pub fn start(router: Arc<Router>, inbox: Inbox) -> std::io::Result<Self> {
        let (stop, stopped) = sync_channel(0);
        let thread = thread::Builder::new()
            .name("operator".to_owned())
            .spawn(move || run(&router, &inbox, &stopped))?;
        Ok(Self {
            stop: Some(stop),
            thread: Some(thread),
        })
    }
}

impl Drop for Operator {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn run(router: &Router, inbox: &Inbox, stopped: &Receiver<()>) {
    loop {
        match inbox.commands.recv_timeout(TICK) {
            Ok(command) => {
                if takes(&command, &inbox.orders) {
                    answer(router, &command, &inbox.orders);
                }
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        router.expire_reservations();
        if stopped.try_recv() == Err(std::sync::mpsc::TryRecvError::Disconnected) {
            return;
        }
    }
}

/// Whether the command is to be run, which is written down before it is: one that was withdrawn
/// is not run, and none is run twice.
fn takes(command: &Command, orders: &SyncSender<Order>) -> bool {
    let (reply, taken) = sync_channel(1);
    let asked = orders.send(Order::Take(command.number, reply));
    asked.is_ok() && taken.recv() == Ok(Taken::Run)
}

fn answer(router: &Router, command: &Command, orders: &SyncSender<Order>) {
    let outcome = match operate(router, &command.arguments, &command.asked_by) {
        Ok(done) => json!({ "done": done }),
        Err(rejection) => json!({
            "error": { "code": rejection.code, "message": rejection.message },
        }),
    };
    // A store that is gone has nobody who waits for the answer.
    let _ = orders.send(Order::Answer(Answer {
        number: command.number,
        done_at: Timestamp::now().as_microsecond(),
        outcome: Value::to_string(&outcome),
    }));
}
