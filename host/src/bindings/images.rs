//! The large records of a call, laid out as the component's memory wants them, so that each
//! goes over in one copy. Field by field, as generated code does it, lowering takes a third
//! of a decision.
//!
//! How records are laid out is in `router_guest::layout`. What a record is stays with the
//! generated types: an image checks its type as the record that it is the image of.

use std::mem::MaybeUninit;
use std::slice;

use router_guest::decision::{Decision, Refusal};
use router_guest::layout::{AnswerLayout, ItemLayout, TermsLayout, UseLayout};
use wasmtime::component::__internal::{
    CanonicalAbiInfo, InstanceType, InterfaceType, LiftContext, LowerContext,
};
use wasmtime::component::{ComponentType, Lift, Lower};

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
    assert!(size_of::<AnswerLayout>() == <WitAnswer as ComponentType>::SIZE32);
};

/// Plain integers without gaps between them.
///
/// # Safety
/// Every byte of a value is part of one of its integers.
pub(crate) unsafe trait Image {}

/// The images as the bytes that they are made of.
#[inline]
pub(crate) fn bytes_of<I: Image>(images: &[I]) -> &[u8] {
    // SAFETY: by the trait, every byte of the images is there to be read.
    unsafe { slice::from_raw_parts(images.as_ptr().cast::<u8>(), size_of_val(images)) }
}

/// Makes an image lower as its record does.
macro_rules! image_of {
    ($image:ident: $record:ty) => {
        // SAFETY: layouts name their padding.
        unsafe impl Image for $image {}

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
                let bytes = bytes_of(items);
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

type WitAnswer = Result<wit::Decision, wit::Refusal>;

/// `result<decision, refusal>`, read in one copy. What cannot be read so is lifted field by
/// field, which finds out what is wrong with it.
pub(crate) enum AnswerImage {
    /// What the policy said.
    Sound(Result<Decision, Refusal>),
    /// Well-formed, but with an amount that is none.
    Unsound(WitAnswer),
}

// SAFETY: everything about the type is the result's own.
unsafe impl ComponentType for AnswerImage {
    type Lower = <WitAnswer as ComponentType>::Lower;

    const ABI: CanonicalAbiInfo = <WitAnswer as ComponentType>::ABI;

    fn typecheck(ty: &InterfaceType, types: &InstanceType<'_>) -> wasmtime::Result<()> {
        <WitAnswer as ComponentType>::typecheck(ty, types)
    }
}

// SAFETY: it reads the canonical form of the result, which the layout is, and nothing else.
unsafe impl Lift for AnswerImage {
    fn linear_lift_from_flat(
        cx: &mut LiftContext<'_>,
        ty: InterfaceType,
        flat: &Self::Lower,
    ) -> wasmtime::Result<Self> {
        WitAnswer::linear_lift_from_flat(cx, ty, flat).map(Self::Unsound)
    }

    fn linear_lift_from_memory(
        cx: &mut LiftContext<'_>,
        ty: InterfaceType,
        bytes: &[u8],
    ) -> wasmtime::Result<Self> {
        if bytes.len() == size_of::<AnswerLayout>() {
            // SAFETY: there are as many bytes as the layout has, and it is made of plain
            // integers, of which every pattern of bits is one.
            let layout = unsafe { bytes.as_ptr().cast::<AnswerLayout>().read_unaligned() };
            if let Some(answer) = layout.read() {
                return Ok(Self::Sound(answer));
            }
        }
        WitAnswer::linear_lift_from_memory(cx, ty, bytes).map(Self::Unsound)
    }
}

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
