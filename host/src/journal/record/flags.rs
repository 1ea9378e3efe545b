//! What an entry holds and what it does without, a bit each. Numbers of bits are never given
//! to another thing.

use router_guest::amount::Amount;

use super::RecordError;
use super::bytes::{Reader, push_amount, push_score, push_text};

/// What a decision may hold.
#[derive(Debug, Clone, Copy)]
#[repr(u8)]
pub(super) enum Flag {
    Id,
    At,
    Timestamp,
    /// `final_action` in another form than the word in capitals.
    ActionText,
    Tags,
    Position,
    PositionIsShort,
    CloseQuantity,
    WorkingOpening,
    WorkingClosing,
    Price,
    TargetNotional,
    Sized,
    Equity,
    QuoteRate,
    SignalScore,
    Confidence,
    RiskReward,
    StopLoss,
    TakeProfit,
    SignalScoreText,
    ConfidenceText,
    RiskRewardText,
    StopLossText,
    TakeProfitText,
    Shown,
    ShownBudgets,
    Repeated,
    Warnings,
    Masked,
    Leg,
    LegIsShort,
    Tier,
    Quantity,
    Notional,
    Fuel,
    FailSafe,
    Budget,
    Limit,
    Reservation,
    KeepsId,
    Grant,
    ExpiresAt,
}

/// One more than the highest flag.
const FLAGS: u32 = Flag::ExpiresAt as u32 + 1;

const fn bit(flag: Flag) -> u64 {
    1 << flag as u8
}

/// Writes what there is, and then in front of it what that was.
pub(super) struct Flagged<'o> {
    pub(super) out: &'o mut Vec<u8>,
    at: usize,
    flags: u64,
}

impl<'o> Flagged<'o> {
    #[inline]
    pub(super) fn open(out: &'o mut Vec<u8>) -> Self {
        let at = out.len();
        out.extend_from_slice(&[0; 8]);
        Self { out, at, flags: 0 }
    }

    #[inline]
    pub(super) fn set(&mut self, flag: Flag, holds: bool) {
        if holds {
            self.flags |= bit(flag);
        }
    }

    #[inline]
    pub(super) fn if_some<T>(
        &mut self,
        flag: Flag,
        value: Option<T>,
        push: impl FnOnce(&mut Vec<u8>, T),
    ) {
        if let Some(value) = value {
            self.flags |= bit(flag);
            push(self.out, value);
        }
    }

    #[inline]
    pub(super) fn amount(&mut self, flag: Flag, amount: Option<Amount>) {
        self.if_some(flag, amount, push_amount);
    }

    #[inline]
    pub(super) fn score(&mut self, flag: Flag, score: Option<f64>) {
        self.if_some(flag, score, push_score);
    }

    #[inline]
    pub(super) fn text(&mut self, flag: Flag, text: Option<&str>) {
        self.if_some(flag, text, push_text);
    }

    #[inline]
    pub(super) fn close(self) {
        let place = self.out.get_mut(self.at..).unwrap_or_default();
        if let Some(place) = place.first_chunk_mut() {
            *place = self.flags.to_le_bytes();
        }
    }
}

/// Reads what there is.
pub(super) struct Flags(u64);

impl Flags {
    #[inline]
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, RecordError> {
        let flags = u64::from_le_bytes(reader.bytes("flags")?);
        if flags >> FLAGS != 0 {
            return Err(reader.foreign("flags"));
        }
        Ok(Self(flags))
    }

    #[inline]
    pub(super) const fn has(&self, flag: Flag) -> bool {
        self.0 & bit(flag) != 0
    }

    /// What there is of a flag.
    #[inline]
    pub(super) fn then<T>(
        &self,
        flag: Flag,
        read: impl FnOnce() -> Result<T, RecordError>,
    ) -> Result<Option<T>, RecordError> {
        if self.has(flag) {
            read().map(Some)
        } else {
            Ok(None)
        }
    }
}
