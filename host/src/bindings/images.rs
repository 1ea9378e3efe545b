//! The large records of a call, laid out as the component's memory wants them, so that each
//! goes over in one copy. Field by field, as generated code does it, lowering takes a third
//! of a decision.
//!
//! How records are laid out is in `router_guest::layout`. What a record is stays with the
//! generated types: an image checks its type as the record that it is the image of.

use std::mem::MaybeUninit;
use std::slice;

use router_guest::layout::{AnswerLayout, ItemLayout, TermsLayout, UseLayout};
use wasmtime::component::__internal::{
    CanonicalAbiInfo, InstanceType, InterfaceType, LowerContext,
};
use wasmtime::component::{ComponentType, Lower};

use super::v0_1_0::exports::execution_router::policy::routing as wit;

/// `order-terms`
#[derive(Clone, Copy)]
#[repr(transparent)]
pub(crate) struct TermsImage(pub(crate) TermsLayout);

/// `budget-use`
#[derive(Clone, Copy)]
#[repr(transparent)]
pub(crate) struct UseImage(pub(crate) UseLayout);

/// `batch-item`
#[derive(Clone, Copy)]
#[repr(transparent)]
pub(crate) struct ItemImage(pub(crate) ItemLayout);

const _: () = {
    assert!(size_of::<TermsImage>() == <wit::OrderTerms as ComponentType>::SIZE32);
    assert!(size_of::<UseImage>() == <wit::BudgetUse as ComponentType>::SIZE32);
    assert!(size_of::<ItemImage>() == <wit::BatchItem as ComponentType>::SIZE32);
    type Answer = Result<wit::Decision, wit::Refusal>;
    assert!(size_of::<AnswerLayout>() == <Answer as ComponentType>::SIZE32);
};

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
