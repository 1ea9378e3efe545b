//! How much is let through, and when that ends by itself. Reading it takes no lock, unless it
//! has an end.

use std::sync::PoisonError;

use jiff::Timestamp;
use router_guest::state::TradingState;

use crate::sync::{AtomicU8, Mutex, Ordering};

/// Set beside the state's number when there is an end to look at.
const HAS_END: u8 = 0x80;

/// The trading state of a word, in any case; `stop` is short for REDUCING.
pub fn trading_state_of_word(word: &str) -> Option<TradingState> {
    if word.eq_ignore_ascii_case("stop") {
        return Some(TradingState::Reducing);
    }
    TradingState::of_word(&word.to_ascii_uppercase())
}

/// A trading state with an end.
pub(super) struct Trading {
    packed: AtomicU8,
    end: Mutex<Option<Timestamp>>,
}

impl Trading {
    pub(super) fn active() -> Self {
        Self {
            packed: AtomicU8::new(TradingState::Active as u8),
            end: Mutex::new(None),
        }
    }

    /// The state that a router before was in.
    pub(super) fn of(state: TradingState, until: Option<Timestamp>) -> Self {
        let trading = Self::active();
        trading.set(state, until);
        trading
    }

    /// The state, whether or not its time is over.
    pub(super) fn state(&self) -> TradingState {
        unpacked(self.packed.load(Ordering::Acquire))
    }

    /// When it ends.
    pub(super) fn until(&self) -> Option<Timestamp> {
        *self.end.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The state at a time; with it the one that has just ended, told to one caller alone.
    #[inline]
    pub(super) fn at(
        &self,
        now: impl FnOnce() -> Option<Timestamp>,
    ) -> (TradingState, Option<TradingState>) {
        let packed = self.packed.load(Ordering::Acquire);
        if packed & HAS_END == 0 {
            return (unpacked(packed), None);
        }
        self.ended_by(now())
    }

    #[cold]
    fn ended_by(&self, now: Option<Timestamp>) -> (TradingState, Option<TradingState>) {
        let mut end = self.end.lock().unwrap_or_else(PoisonError::into_inner);
        let state = self.state();
        match (now, *end) {
            (Some(now), Some(until)) if until <= now => {
                *end = None;
                self.packed
                    .store(TradingState::Active as u8, Ordering::Release);
                (TradingState::Active, Some(state))
            }
            _ => (state, None),
        }
    }

    /// The state with its end.
    pub(super) fn now(&self) -> (TradingState, Option<Timestamp>) {
        let end = self.end.lock().unwrap_or_else(PoisonError::into_inner);
        (self.state(), *end)
    }

    /// Changes the state, and answers what it was, with its end.
    pub(super) fn set(
        &self,
        state: TradingState,
        until: Option<Timestamp>,
    ) -> (TradingState, Option<Timestamp>) {
        let mut end = self.end.lock().unwrap_or_else(PoisonError::into_inner);
        let earlier = (self.state(), *end);
        self.put(&mut end, state, until);
        earlier
    }

    /// Changes the state, unless it is another one by now than the caller takes it for.
    pub(super) fn set_from(
        &self,
        from: (TradingState, Option<Timestamp>),
        state: TradingState,
        until: Option<Timestamp>,
    ) -> bool {
        let mut end = self.end.lock().unwrap_or_else(PoisonError::into_inner);
        let is_same = (self.state(), *end) == from;
        if is_same {
            self.put(&mut end, state, until);
        }
        is_same
    }

    fn put(&self, end: &mut Option<Timestamp>, state: TradingState, until: Option<Timestamp>) {
        *end = until;
        let has_end = if until.is_some() { HAS_END } else { 0 };
        self.packed.store(state as u8 | has_end, Ordering::Release);
    }
}

/// Whether a state, with its end, lets no more through than another one, now or by ending
/// earlier. A stricter state does so whatever its end: now is what its asker is in a hurry for.
pub(super) fn is_as_strict(
    (state, until): (TradingState, Option<Timestamp>),
    (other, other_until): (TradingState, Option<Timestamp>),
) -> bool {
    match (state as u8).cmp(&(other as u8)) {
        std::cmp::Ordering::Greater => true,
        std::cmp::Ordering::Less => false,
        std::cmp::Ordering::Equal => match (until, other_until) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(until), Some(other_until)) => until >= other_until,
        },
    }
}

fn unpacked(packed: u8) -> TradingState {
    let number = packed & !HAS_END;
    TradingState::ALL
        .into_iter()
        .find(|state| *state as u8 == number)
        .unwrap_or(TradingState::Halted)
}
