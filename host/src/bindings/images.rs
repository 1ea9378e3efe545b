//! The large records of a call, laid out as the component's memory wants them, so that each
//! goes over in one copy. Field by field, as generated code does it, lowering takes a third
//! of a decision.
//!
//! What a record is stays with the generated types: an image checks its type as the record
//! that it is the image of.

use std::mem::{MaybeUninit, offset_of};
use std::slice;

use router_guest::amount::Amount;
use router_guest::request::{OrderTerms, PositionSide};
use router_guest::state::BudgetUse;
use wasmtime::component::__internal::{
    CanonicalAbiInfo, InstanceType, InterfaceType, LowerContext,
};
use wasmtime::component::{ComponentType, Lower};

use super::v0_1_0::exports::execution_router::policy::routing as wit;

/// `decimal`
#[derive(Clone, Copy)]
#[repr(C)]
struct DecimalImage {
    high: u64,
    low: u64,
    scale: u8,
    padding: [u8; 7],
}

/// `option<decimal>`
#[derive(Clone, Copy)]
#[repr(C)]
struct OptionalDecimal {
    given: u64,
    value: DecimalImage,
}

/// `option<f64>`
#[derive(Clone, Copy)]
#[repr(C)]
struct OptionalScore {
    given: u64,
    bits: u64,
}

/// `option<position>`
#[derive(Clone, Copy)]
#[repr(C)]
struct OptionalPosition {
    given: u64,
    side: u64,
    quantity: DecimalImage,
}

/// `order-terms`
#[derive(Clone, Copy)]
#[repr(C)]
pub(crate) struct TermsImage {
    final_action: u8,
    trade_type: u8,
    padding: [u8; 6],
    position: OptionalPosition,
    close_quantity: OptionalDecimal,
    opening: DecimalImage,
    closing: DecimalImage,
    price: OptionalDecimal,
    target_notional: OptionalDecimal,
    sized: u64,
    equity: OptionalDecimal,
    quote_rate: OptionalDecimal,
    scores: [OptionalScore; 3],
    stop_loss: OptionalDecimal,
    take_profit: OptionalDecimal,
}

/// `budget-use`
#[derive(Clone, Copy)]
#[repr(C)]
pub(crate) struct UseImage {
    used: DecimalImage,
    reserved: DecimalImage,
    orders: u32,
    padding: u32,
}

/// `batch-item`
#[derive(Clone, Copy)]
#[repr(C)]
pub(crate) struct ItemImage {
    symbol: u32,
    strategy: u32,
    terms: TermsImage,
    trading_state: u32,
    budgets_given: u32,
    budgets: u32,
    padding: u32,
}

// Discriminants are one byte with padding behind it: written little-endian, a longer integer
// below 256 is that byte and the padding.
const _: () = {
    assert!(size_of::<TermsImage>() == <wit::OrderTerms as ComponentType>::SIZE32);
    assert!(size_of::<UseImage>() == <wit::BudgetUse as ComponentType>::SIZE32);
    assert!(size_of::<ItemImage>() == <wit::BatchItem as ComponentType>::SIZE32);
    assert!(offset_of!(TermsImage, close_quantity) == 48);
    assert!(offset_of!(TermsImage, sized) == 192);
    assert!(offset_of!(TermsImage, take_profit) == 344);
    assert!(offset_of!(ItemImage, trading_state) == 384);
};

impl DecimalImage {
    const ZERO: Self = Self {
        high: 0,
        low: 0,
        scale: 0,
        padding: [0; 7],
    };

    #[inline]
    fn of(amount: Amount) -> Self {
        let (high, low, scale) = amount.to_words();
        Self {
            high: high.to_le(),
            low: low.to_le(),
            scale,
            padding: [0; 7],
        }
    }
}

impl OptionalDecimal {
    #[inline]
    fn of(amount: Option<Amount>) -> Self {
        match amount {
            None => Self {
                given: 0,
                value: DecimalImage::ZERO,
            },
            Some(amount) => Self {
                given: 1_u64.to_le(),
                value: DecimalImage::of(amount),
            },
        }
    }
}

impl OptionalScore {
    #[inline]
    fn of(score: Option<f64>) -> Self {
        match score {
            None => Self { given: 0, bits: 0 },
            Some(score) => Self {
                given: 1_u64.to_le(),
                bits: score.to_bits().to_le(),
            },
        }
    }
}

impl TermsImage {
    #[inline]
    pub(crate) fn of(terms: &OrderTerms) -> Self {
        Self {
            final_action: terms.final_action as u8,
            trade_type: terms.trade_type as u8,
            padding: [0; 6],
            position: match terms.position {
                None => OptionalPosition {
                    given: 0,
                    side: 0,
                    quantity: DecimalImage::ZERO,
                },
                Some(position) => OptionalPosition {
                    given: 1_u64.to_le(),
                    side: u64::from(position.side == PositionSide::Short).to_le(),
                    quantity: DecimalImage::of(position.quantity),
                },
            },
            close_quantity: OptionalDecimal::of(terms.close_quantity),
            opening: DecimalImage::of(terms.working.opening),
            closing: DecimalImage::of(terms.working.closing),
            price: OptionalDecimal::of(terms.price),
            target_notional: OptionalDecimal::of(terms.target_notional),
            sized: u64::from(terms.sized).to_le(),
            equity: OptionalDecimal::of(terms.equity),
            quote_rate: OptionalDecimal::of(terms.quote_rate),
            scores: [
                terms.signal_score,
                terms.confidence,
                terms.risk_reward_ratio,
            ]
            .map(OptionalScore::of),
            stop_loss: OptionalDecimal::of(terms.stop_loss),
            take_profit: OptionalDecimal::of(terms.take_profit),
        }
    }
}

impl UseImage {
    pub(crate) fn of(spent: &BudgetUse) -> Self {
        Self {
            used: DecimalImage::of(spent.used),
            reserved: DecimalImage::of(spent.reserved),
            orders: spent.orders.to_le(),
            padding: 0,
        }
    }
}

impl ItemImage {
    #[inline]
    pub(crate) fn of(item: &crate::policy::BatchItem) -> Self {
        Self {
            symbol: item.symbol.to_le(),
            strategy: item.strategy.to_le(),
            terms: TermsImage::of(&item.terms),
            trading_state: u32::from(item.trading_state as u8).to_le(),
            budgets_given: u32::from(item.budgets.is_some()).to_le(),
            budgets: item.budgets.unwrap_or(0).to_le(),
            padding: 0,
        }
    }
}

/// Makes an image lower as its record does.
macro_rules! image_of {
    ($image:ident: $record:ty) => {
        // SAFETY: everything about the type is the record's own.
        unsafe impl ComponentType for $image {
            type Lower = <$record as ComponentType>::Lower;

            const ABI: CanonicalAbiInfo = <$record as ComponentType>::ABI;

            fn typecheck(ty: &InterfaceType, types: &InstanceType<'_>) -> wasmtime::Result<()> {
                <$record as ComponentType>::typecheck(ty, types)
            }
        }

        // SAFETY: the bytes are the record's, laid out as its canonical form, and all of them
        // are written where `lower` is given room for them.
        unsafe impl Lower for $image {
            fn linear_lower_to_flat<T>(
                &self,
                _: &mut LowerContext<'_, T>,
                _: InterfaceType,
                _: &mut MaybeUninit<Self::Lower>,
            ) -> wasmtime::Result<()> {
                // A record of so many fields is passed in memory, always.
                Err(wasmtime::format_err!(
                    "the record does not fit into registers"
                ))
            }

            fn linear_lower_to_memory<T>(
                &self,
                cx: &mut LowerContext<'_, T>,
                ty: InterfaceType,
                offset: usize,
            ) -> wasmtime::Result<()> {
                Self::linear_store_list_to_memory(cx, ty, offset, slice::from_ref(self))
            }

            fn linear_store_list_to_memory<T>(
                cx: &mut LowerContext<'_, T>,
                _: InterfaceType,
                offset: usize,
                items: &[Self],
            ) -> wasmtime::Result<()> {
                // SAFETY: the images are plain integers without gaps between them.
                let bytes = unsafe {
                    slice::from_raw_parts(items.as_ptr().cast::<u8>(), size_of_val(items))
                };
                let end = offset.saturating_add(bytes.len());
                match cx.as_slice_mut().get_mut(offset..end) {
                    Some(room) => room.copy_from_slice(bytes),
                    None => wasmtime::bail!("a record was given no room in memory"),
                }
                Ok(())
            }
        }
    };
}

image_of!(TermsImage: wit::OrderTerms);
image_of!(UseImage: wit::BudgetUse);
image_of!(ItemImage: wit::BatchItem);

/// `request`
#[derive(Clone, Copy, ComponentType, Lower)]
#[component(record)]
pub(crate) struct RequestArgument<'a> {
    pub(crate) symbol: &'a str,
    pub(crate) strategy: &'a str,
    pub(crate) terms: TermsImage,
}

/// `state`
#[derive(Clone, Copy, ComponentType, Lower)]
#[component(record)]
pub(crate) struct StateArgument<'a> {
    #[component(name = "trading-state")]
    pub(crate) trading_state: wit::TradingState,
    pub(crate) budgets: Option<&'a [UseImage]>,
}
