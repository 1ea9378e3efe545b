//! What makes two requests the same one, as it is asked and as it is kept. Remembers nothing.

use router_guest::request::{FinalAction, NAME_BYTES_MAX, TradeType};

use super::super::error::IdentityError;
use super::super::names::NameId;

/// Bytes that a request's id may have at most; at least 1.
pub const ID_BYTES_MAX: usize = 64;

/// What makes two requests the same one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity<'a> {
    id: &'a str,
    final_action: FinalAction,
    symbol: &'a str,
    strategy: &'a str,
    trade_type: TradeType,
}

/// An identity in one piece of memory: four bytes of header, the id, and what stands for symbol
/// and strategy.
#[derive(Debug)]
pub(super) struct Key(Box<[u8]>);

const HEADER_BYTES: usize = 4;

impl<'a> Identity<'a> {
    /// The identity of a request. The action and the type count by their meaning, whatever
    /// word they came in.
    ///
    /// # Errors
    ///
    /// [`IdentityError`] for an id, symbol or strategy that is empty or over 64 bytes.
    pub const fn new(
        id: &'a str,
        final_action: FinalAction,
        symbol: &'a str,
        strategy: &'a str,
        trade_type: TradeType,
    ) -> Result<Self, IdentityError> {
        if id.is_empty() || id.len() > ID_BYTES_MAX {
            return Err(IdentityError {
                field: "id",
                bytes: id.len(),
            });
        }
        if symbol.is_empty() || symbol.len() > NAME_BYTES_MAX {
            return Err(IdentityError {
                field: "symbol",
                bytes: symbol.len(),
            });
        }
        if strategy.is_empty() || strategy.len() > NAME_BYTES_MAX {
            return Err(IdentityError {
                field: "strategy",
                bytes: strategy.len(),
            });
        }
        Ok(Self {
            id,
            final_action,
            symbol,
            strategy,
            trade_type,
        })
    }

    /// The bot's client order id.
    pub const fn id(&self) -> &'a str {
        self.id
    }

    /// The request's symbol.
    pub const fn symbol(&self) -> &'a str {
        self.symbol
    }

    /// The request's strategy.
    pub const fn strategy(&self) -> &'a str {
        self.strategy
    }

    /// The same action and type under other names: those that a journal has in their place.
    pub(crate) const fn named<'n>(
        &self,
        id: &'n str,
        symbol: &'n str,
        strategy: &'n str,
    ) -> Identity<'n> {
        Identity {
            id,
            final_action: self.final_action,
            symbol,
            strategy,
            trade_type: self.trade_type,
        }
    }

    fn names(&self) -> [u8; 16] {
        NameId::of((self.symbol, self.strategy)).bytes()
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "lengths of at most 64, see new"
    )]
    const fn header(&self) -> [u8; HEADER_BYTES] {
        [
            self.id.len() as u8,
            self.symbol.len() as u8,
            self.final_action as u8,
            self.trade_type as u8,
        ]
    }
}

impl Key {
    /// Keeps the identity.
    pub(super) fn new(identity: &Identity<'_>) -> Self {
        let (id, names) = (identity.id.as_bytes(), identity.names());
        let mut bytes = Vec::with_capacity(HEADER_BYTES + id.len() + names.len());
        bytes.extend_from_slice(&identity.header());
        bytes.extend_from_slice(id);
        bytes.extend_from_slice(&names);
        Self(bytes.into_boxed_slice())
    }

    /// The id's bytes.
    pub(super) fn id(&self) -> &[u8] {
        let length = self.0.first().copied().map_or(0, usize::from);
        self.0
            .get(HEADER_BYTES..HEADER_BYTES + length)
            .unwrap_or_default()
    }

    /// Whether it is this very identity.
    pub(super) fn is_of(&self, identity: &Identity<'_>) -> bool {
        let names = self.0.strip_prefix(&identity.header()[..]);
        let names = names.and_then(|rest| rest.strip_prefix(identity.id.as_bytes()));
        names.is_some_and(|names| names == identity.names())
    }
}
