//! What the writer does beside entries: policies that are new to the store, commands of other
//! terminals, and the answers to them. It outlives a connection, so that no command is run twice
//! and no answer is lost because the store failed in between. Runs no command.

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError};

use jiff::Timestamp;
use rusqlite::{Connection, params};

use super::commands::{self, Command, Polled};
use super::shared::{Answer, Order, Shared, Taken};
use crate::ledger::StoreError;

/// What is under way.
pub(super) struct Aside {
    polled: Polled,
    /// Answers that are not on disk yet: no more than there are commands under way.
    answers: VecDeque<Answer>,
    /// Commands that were not run, and may stand on disk as if they had been taken up.
    put_back: Vec<i64>,
}

impl Aside {
    pub(super) const fn new() -> Self {
        Self {
            polled: Polled::new(),
            answers: VecDeque::new(),
            put_back: Vec::new(),
        }
    }

    /// Begins on a new connection.
    pub(super) fn begin(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        self.polled.forget_version();
        while let Some(number) = self.put_back.last() {
            commands::put_back(connection, *number)?;
            self.put_back.pop();
        }
        Ok(())
    }

    /// Hands on the commands that are new.
    pub(super) fn poll(
        &mut self,
        connection: &Connection,
        to: &SyncSender<Command>,
    ) -> rusqlite::Result<()> {
        self.polled.poll(connection, to)
    }

    /// Does what is asked for.
    pub(super) fn follow(
        &mut self,
        shared: &Shared,
        connection: &Connection,
        orders: &Receiver<Order>,
    ) -> rusqlite::Result<()> {
        while let Ok(order) = orders.try_recv() {
            match order {
                Order::Introduce(policy, reply) => {
                    let added = shared.policies.add(connection, &policy);
                    // Whoever asked may be gone.
                    let number = added.as_ref().copied();
                    let _ = reply.send(number.map_err(|_| StoreError::Unavailable));
                    added?;
                }
                Order::Take(number, reply) => self.take(connection, number, &reply)?,
                Order::Answer(answer) => self.answers.push_back(answer),
            }
        }
        while let Some(answer) = self.answers.front() {
            connection.execute(
                "UPDATE commands SET done_at = ?2, outcome = ?3 WHERE number = ?1",
                params![answer.number, answer.done_at, answer.outcome],
            )?;
            self.answers.pop_front();
        }
        Ok(())
    }

    fn take(
        &mut self,
        connection: &Connection,
        number: i64,
        reply: &SyncSender<Taken>,
    ) -> rusqlite::Result<()> {
        let taken = commands::take(connection, number, Timestamp::now());
        let said = match taken {
            Ok(true) => Taken::Run,
            Ok(false) => Taken::Withdrawn,
            Err(_) => self.later(number),
        };
        let _ = reply.send(said);
        taken.map(|_| ())
    }

    /// While the store cannot be written, nobody waits for it, and no command is taken up.
    pub(super) fn refuse(&mut self, orders: &Receiver<Order>) {
        loop {
            match orders.try_recv() {
                Ok(Order::Introduce(_, reply)) => {
                    let _ = reply.send(Err(StoreError::Unavailable));
                }
                Ok(Order::Take(number, reply)) => {
                    let _ = reply.send(self.later(number));
                }
                Ok(Order::Answer(answer)) => self.answers.push_back(answer),
                Err(TryRecvError::Empty | TryRecvError::Disconnected) => return,
            }
        }
    }

    /// The command is handed on again, once the store is back.
    fn later(&mut self, number: i64) -> Taken {
        self.put_back.push(number);
        self.polled.hand_on_from(number);
        Taken::Later
    }
}
