//! The arguments of `decide` in one piece, for the rule engine that this program carries.
//!
//! By the canonical ABI a policy is asked for room four times: for the record, each name and
//! the budget uses. Each time is a call of its own, and together they take longer than the
//! decision. The rule engine takes all its arguments back at once and frees none by itself, and
//! what is asked for first in a call always stands at the same place (`router_guest::arena`).
//! So it is asked once for each instance, and later arguments are written to the same room.
//! Policies of other makers free each name by itself: they are never called this way.

use std::mem::MaybeUninit;
use std::sync::OnceLock;

use router_guest::layout::{ArgumentsLayout, SpanLayout, UseLayout};
use router_guest::request::{NAME_BYTES_MAX, Request};
use router_guest::state::TradingState;
use router_guest::table::BUDGETS_MAX;
use wasmtime::ValRaw;
use wasmtime::component::__internal::{
    CanonicalAbiInfo, InstanceType, InterfaceType, LowerContext,
};
use wasmtime::component::{ComponentNamedList, ComponentType, Lower};

use super::images::{RequestArgument, StateArgument, UseImage, bytes_of};

/// Bytes of the room: the arguments with the most budgets that a policy can have, and two
/// names as long as they may be.
const ROOM_BYTES: usize = 2048;
const ROOM_ALIGN: u32 = 8;

type Arguments<'a> = (RequestArgument<'a>, StateArgument<'a>);

const _: () = {
    assert!(size_of::<ArgumentsLayout>() == <Arguments as ComponentType>::SIZE32);
    assert!(align_of::<ArgumentsLayout>() <= ROOM_ALIGN as usize);
    // Uses stand behind the arguments without a gap.
    assert!(size_of::<ArgumentsLayout>().is_multiple_of(align_of::<UseLayout>()));
    assert!(
        size_of::<ArgumentsLayout>() + BUDGETS_MAX * size_of::<UseLayout>() + 2 * NAME_BYTES_MAX
            <= ROOM_BYTES,
        "all that a request line can say fits"
    );
};

/// The room for arguments in an instance's memory, once it was asked for.
#[derive(Debug, Default)]
pub(crate) struct Room(OnceLock<u32>);

/// The arguments of `decide`, to be laid down in one piece.
#[derive(Clone, Copy)]
pub(crate) struct PlacedArguments<'a> {
    request: &'a Request<'a>,
    trading_state: TradingState,
    budgets: Option<&'a [UseImage]>,
    room: &'a Room,
    /// What a call has to spend. Asking for room costs fuel, which is no part of a decision:
    /// one on a fresh instance would cost more than the same on a warm one.
    fuel_max: u64,
}

impl<'a> PlacedArguments<'a> {
    /// The arguments, when they fit into the room: all that a request line can say does.
    pub(crate) fn new(
        request: &'a Request<'a>,
        (trading_state, budgets): (TradingState, Option<&'a [UseImage]>),
        room: &'a Room,
        fuel_max: u64,
    ) -> Option<Self> {
        let bytes = size_of::<ArgumentsLayout>()
            + budgets.map_or(0, size_of_val)
            + request.symbol.len()
            + request.strategy.len();
        (bytes <= ROOM_BYTES).then_some(Self {
            request,
            trading_state,
            budgets,
            room,
            fuel_max,
        })
    }

    /// Where the room is.
    fn room<T>(&self, cx: &mut LowerContext<'_, T>) -> wasmtime::Result<u32> {
        if let Some(room) = self.room.0.get() {
            return Ok(*room);
        }
        let room = u32::try_from(cx.realloc(0, 0, ROOM_ALIGN, ROOM_BYTES)?)?;
        cx.store.set_fuel(self.fuel_max)?;
        Ok(*self.room.0.get_or_init(|| room))
    }

    /// Writes the arguments into the room that begins at `start`: the record, the uses, the
    /// symbol and the strategy, whose end the rule engine takes for the end of all.
    fn place(&self, room: &mut [u8], start: u32) -> Option<()> {
        let mut rest = room;
        let mut at = start;
        let mut take = |bytes: usize| {
            let (taken, behind) = std::mem::take(&mut rest).split_at_mut_checked(bytes)?;
            rest = behind;
            let begin = at;
            at = at.checked_add(u32::try_from(bytes).ok()?)?;
            Some((taken, begin))
        };
        let (record, _) = take(size_of::<ArgumentsLayout>())?;
        let budgets = match self.budgets {
            None => None,
            Some(uses) => {
                let (room, begin) = take(size_of_val(uses))?;
                room.copy_from_slice(bytes_of(uses));
                Some(SpanLayout::of(begin, u32::try_from(uses.len()).ok()?))
            }
        };
        let mut name = |name: &str| {
            let (room, begin) = take(name.len())?;
            room.copy_from_slice(name.as_bytes());
            Some(SpanLayout::of(begin, u32::try_from(name.len()).ok()?))
        };
        let names = [name(self.request.symbol)?, name(self.request.strategy)?];
        let arguments =
            ArgumentsLayout::of(names, &self.request.terms, self.trading_state, budgets);
        // SAFETY: the record's room has as many bytes as it, which need not be aligned.
        unsafe {
            record
                .as_mut_ptr()
                .cast::<ArgumentsLayout>()
                .write_unaligned(arguments);
        }
        Some(())
    }
}

// SAFETY: the type is that of the parameters, and what it lowers to is what their more than 16
// flat values lower to: the address at which they stand.
unsafe impl ComponentType for PlacedArguments<'_> {
    type Lower = ValRaw;

    const ABI: CanonicalAbiInfo = <Arguments as ComponentType>::ABI;

    fn typecheck(ty: &InterfaceType, types: &InstanceType<'_>) -> wasmtime::Result<()> {
        <Arguments as ComponentType>::typecheck(ty, types)
    }
}

// SAFETY: the type is that of a list of parameters.
unsafe impl ComponentNamedList for PlacedArguments<'_> {}

// SAFETY: the one value that it lowers to is written, whatever the memory holds.
unsafe impl Lower for PlacedArguments<'_> {
    fn linear_lower_to_flat<T>(
        &self,
        cx: &mut LowerContext<'_, T>,
        _: InterfaceType,
        dst: &mut MaybeUninit<ValRaw>,
    ) -> wasmtime::Result<()> {
        let start = self.room(cx)?;
        let room = usize::try_from(start)?;
        let room = cx.as_slice_mut().get_mut(room..).unwrap_or_default();
        if self.place(room, start).is_none() {
            wasmtime::bail!("the arguments were given no room in memory");
        }
        dst.write(ValRaw::i64(start.into()));
        Ok(())
    }

    fn linear_lower_to_memory<T>(
        &self,
        _: &mut LowerContext<'_, T>,
        _: InterfaceType,
        _: usize,
    ) -> wasmtime::Result<()> {
        wasmtime::bail!("parameters are no part of another value")
    }
}
