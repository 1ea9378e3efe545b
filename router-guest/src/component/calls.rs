//! The exported functions, down to the canonical ABI: records of a decision are read where
//! the host put them, and answers are written where it looks for them.
//!
//! Each call ends by giving back everything that it and the host have allocated for it, so
//! that nothing is freed one by one.

use alloc::alloc::{Layout, alloc, realloc};
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::{slice, str};

use super::bindings::exports::execution_router::policy::{loading, routing, routing_json};
use super::{Component, engine, given};
use crate::arena;
use crate::layout::{AnswerLayout, ArgumentsLayout, ItemLayout, SpanLayout, UseLayout};
use crate::request::Request;
use crate::state::{BudgetUse, State};

/// What the generated trait would have `decide` answer.
pub(super) type Generated = Result<routing::Decision, routing::Refusal>;

/// The elements of a list.
///
/// # Safety
/// The host has written them and they are not released yet.
unsafe fn elements<'a, T>(span: SpanLayout) -> &'a [T] {
    if span.count() == 0 {
        return &[];
    }
    // SAFETY: by the canonical ABI these are so many elements, aligned.
    unsafe { slice::from_raw_parts(span.start() as *const T, span.count() as usize) }
}

/// What a string says.
///
/// # Safety
/// As for [`elements`].
unsafe fn text<'a>(span: SpanLayout) -> &'a str {
    // SAFETY: as the caller says; by the canonical ABI the bytes are UTF-8.
    unsafe { str::from_utf8_unchecked(elements(span)) }
}

fn uses_of(layouts: &[UseLayout]) -> Vec<BudgetUse> {
    layouts.iter().map(|layout| given(layout.read())).collect()
}

/// `decide`
///
/// # Safety
/// The host calls it by the canonical ABI.
#[unsafe(export_name = "execution-router:policy/routing@0.1.0#decide")]
unsafe extern "C" fn decide(arguments: *const ArgumentsLayout) -> *const AnswerLayout {
    // SAFETY: the host has written the arguments there.
    let arguments = unsafe { &*arguments };
    // SAFETY: the strategy's end is in the memory, and nothing is allocated above it.
    unsafe { arena::reach(arguments.strategy.start() + arguments.strategy.count()) };
    let budgets = arguments.budgets().map(|budgets| {
        // SAFETY: the arguments are the host's, and this call is not over.
        uses_of(unsafe { elements(budgets) })
    });
    let state = State {
        trading_state: given(arguments.trading_state()),
        budgets: budgets.as_deref(),
    };
    // SAFETY: as above.
    let (symbol, strategy) = unsafe { (text(arguments.symbol), text(arguments.strategy)) };
    let terms = given(arguments.terms.checked());
    let answer = engine().decide(
        &Request {
            symbol,
            strategy,
            terms: terms.read(),
        },
        &state,
    );
    // Made where it is to stand.
    let place = Box::new_uninit();
    let answer = Box::into_raw(Box::write(place, AnswerLayout::of(&answer)));
    drop(budgets);
    // SAFETY: nothing of this call is used any more but the answer, which the host reads now.
    unsafe { arena::release() };
    answer
}

/// `decide-batch`
///
/// # Safety
/// The host calls it by the canonical ABI.
#[unsafe(export_name = "execution-router:policy/routing@0.1.0#decide-batch")]
unsafe extern "C" fn decide_batch(
    names: u32,
    names_count: u32,
    uses: u32,
    uses_count: u32,
    items: u32,
    items_count: u32,
) -> *const SpanLayout {
    // SAFETY: the host has written the three lists there.
    let (names, uses, items) = unsafe {
        (
            elements::<SpanLayout>(SpanLayout::of(names, names_count)),
            elements::<UseLayout>(SpanLayout::of(uses, uses_count)),
            elements::<ItemLayout>(SpanLayout::of(items, items_count)),
        )
    };
    let engine = engine();
    let uses = uses_of(uses);
    let budgets_count = engine.manifest().budgets.len();
    let name = |index: u32| {
        let name = given(names.get(index as usize));
        // SAFETY: the names are the host's, and this call is not over.
        unsafe { text(*name) }
    };
    let mut answers = Vec::with_capacity(items.len());
    for item in items {
        let budgets = item.budgets().map(|first| {
            let rest = given(uses.get(first as usize..));
            given(rest.get(..budgets_count))
        });
        let state = State {
            trading_state: given(item.trading_state()),
            budgets,
        };
        let request = Request {
            symbol: name(item.symbol),
            strategy: name(item.strategy),
            terms: given(item.terms.checked()).read(),
        };
        answers.push(AnswerLayout::of(&engine.decide(&request, &state)));
    }
    let answers: &'static [AnswerLayout] = answers.leak();
    let (start, count) = (answers.as_ptr().addr(), answers.len());
    let list = SpanLayout::of(
        given(u32::try_from(start).ok()),
        given(u32::try_from(count).ok()),
    );
    Box::into_raw(Box::new(list))
}

/// What the host calls when it has read an answer.
///
/// # Safety
/// The host calls it by the canonical ABI.
macro_rules! over {
    ($name:ident of $export:literal) => {
        #[unsafe(export_name = $export)]
        unsafe extern "C" fn $name(_: *mut u8) {
            // SAFETY: the host has read the answer, and nothing else of the call is left.
            unsafe { arena::release() }
        }
    };
}

over!(describe_over of "cabi_post_execution-router:policy/routing@0.1.0#describe");
over!(decide_batch_over of "cabi_post_execution-router:policy/routing@0.1.0#decide-batch");
over!(decide_json_over of "cabi_post_execution-router:policy/routing-json@0.1.0#decide-json");

/// `describe`
///
/// # Safety
/// The host calls it by the canonical ABI.
#[unsafe(export_name = "execution-router:policy/routing@0.1.0#describe")]
unsafe extern "C" fn describe() -> *mut u8 {
    // SAFETY: as the host's.
    unsafe { routing::_export_describe_cabi::<Component>() }
}

/// `load`
///
/// # Safety
/// The host calls it by the canonical ABI.
#[unsafe(export_name = "execution-router:policy/loading@0.1.0#load")]
unsafe extern "C" fn load(table: *mut u8, bytes: usize) -> *mut u8 {
    // SAFETY: as the host's.
    unsafe { loading::_export_load_cabi::<Component>(table, bytes) }
}

/// `decide-json`
///
/// # Safety
/// The host calls it by the canonical ABI.
#[unsafe(export_name = "execution-router:policy/routing-json@0.1.0#decide-json")]
unsafe extern "C" fn decide_json(
    request: *mut u8,
    request_bytes: usize,
    state: *mut u8,
    state_bytes: usize,
) -> *mut u8 {
    // SAFETY: as the host's.
    unsafe {
        routing_json::_export_decide_json_cabi::<Component>(
            request,
            request_bytes,
            state,
            state_bytes,
        )
    }
}

/// Where the host puts what it hands in.
///
/// # Safety
/// The host calls it by the canonical ABI.
#[unsafe(export_name = "cabi_realloc")]
unsafe extern "C" fn cabi_realloc(
    old: *mut u8,
    old_bytes: usize,
    align: usize,
    bytes: usize,
) -> *mut u8 {
    let layout = |bytes: usize| given(Layout::from_size_align(bytes, align).ok());
    match (old_bytes, bytes) {
        // An empty list is anywhere that is aligned.
        (0, 0) => core::ptr::without_provenance_mut(align),
        // SAFETY: the size is not 0.
        (0, _) => unsafe { alloc(layout(bytes)) },
        // SAFETY: the host gives back what it was given, with the same alignment.
        _ => unsafe { realloc(old, layout(old_bytes), bytes) },
    }
}
