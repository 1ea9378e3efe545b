//! The component's allocator, made so that a request costs the same fuel on a fresh instance
//! as on one that has answered a million others.
//!
//! What is allocated until the table is loaded is permanent. From then on the allocations of
//! a call stand above a mark, to which the arena returns when the call is over: no call ever
//! sees what an earlier one left. The memory is grown to its bound while the table is loaded,
//! before the component is snapshotted, so that no call grows it.
//!
//! It does not reuse holes, and is sound on a single thread only: this target has no other.

use core::alloc::{GlobalAlloc, Layout};
use core::arch::wasm32::{memory_grow, memory_size, unreachable};
use core::cell::UnsafeCell;
use core::ptr;

/// Bytes of memory that a component of the rule engine has, once loaded.
const MEMORY_BYTES: usize = 16 << 20;
const WASM_PAGE_BYTES: usize = 64 << 10;
/// The mark stands at a page of the host's, so that a call never writes to a page that the
/// snapshot fills.
const HOST_PAGE_BYTES: usize = 4096;

#[global_allocator]
static ARENA: Arena = Arena(UnsafeCell::new(State {
    mark: 0,
    top: 0,
    end: 0,
}));

struct Arena(UnsafeCell<State>);

/// Addresses in the one linear memory.
struct State {
    /// Below it everything is permanent; 0 until the table is loaded.
    mark: usize,
    /// First free byte; 0 before the first allocation.
    top: usize,
    /// First byte behind the memory.
    end: usize,
}

// SAFETY: the target has no threads, and no method of the allocator calls another that
// would borrow the state a second time.
unsafe impl Sync for Arena {}

unsafe extern "C" {
    /// Placed by the linker behind the stack and the static data.
    static __heap_base: u8;
}

/// Makes everything that is allocated now permanent and grows the memory to its bound. Once.
pub(crate) fn seal() {
    // SAFETY: single thread, and the borrow ends with this function.
    let state = unsafe { &mut *ARENA.0.get() };
    state.grow_to(MEMORY_BYTES);
    state.mark = align_up(state.top, HOST_PAGE_BYTES);
    state.top = state.mark;
}

/// Keeps free of allocations what the host has laid down for a call, up to `end`.
///
/// A host that asks for room has got it from the arena, and this changes nothing. The one that
/// composed the component may ask once and lay down every later call in the same place, since
/// what is asked for first in a call always stands at the mark.
///
/// # Safety
/// `end` is in the memory, and nothing of this call is allocated between `top` and it.
pub(crate) unsafe fn reach(end: u32) {
    // SAFETY: single thread, and the borrow ends with this function.
    let state = unsafe { &mut *ARENA.0.get() };
    state.top = state.top.max(end as usize);
}

/// Takes back all that a call has allocated. What it wrote stays readable until the next call
/// begins, which is when the host has long read it.
///
/// # Safety
/// Nothing that was allocated since the mark is used any more.
pub(crate) unsafe fn release() {
    // SAFETY: single thread, and the borrow ends with this function.
    let state = unsafe { &mut *ARENA.0.get() };
    if !state.is_loading() {
        state.top = state.mark;
    }
}

impl State {
    const fn is_loading(&self) -> bool {
        self.mark == 0
    }

    #[inline]
    fn take(&mut self, start: usize, bytes: usize) -> *mut u8 {
        // No overflow: `start` is at most 16 MiB and a layout at most 2 GiB.
        let top = start + bytes;
        if top > self.end {
            self.grow_to(top);
        }
        self.top = top;
        start as *mut u8
    }

    /// The slow path of loading. Out of memory, or after loading, it traps: a policy that
    /// needs more than its bound has no answer.
    #[cold]
    fn grow_to(&mut self, top: usize) {
        if self.top == 0 {
            self.top = (&raw const __heap_base).addr();
        }
        let held = memory_size(0) * WASM_PAGE_BYTES;
        if !self.is_loading() || top > MEMORY_BYTES {
            unreachable();
        }
        if top > held && memory_grow(0, (top - held).div_ceil(WASM_PAGE_BYTES)) == usize::MAX {
            unreachable();
        }
        self.end = memory_size(0) * WASM_PAGE_BYTES;
    }
}

// SAFETY: blocks lie between `__heap_base` and the end of the memory, are aligned as asked
// and do not overlap: each starts at or above `top`, and `top` only falls to the start of the
// last block when that is freed, or to the mark when none is live.
unsafe impl GlobalAlloc for Arena {
    #[inline(never)]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: single thread, and the borrow ends with this function.
        let state = unsafe { &mut *self.0.get() };
        if state.top == 0 {
            state.grow_to(0);
        }
        state.take(align_up(state.top, layout.align()), layout.size())
    }

    #[inline(never)]
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: single thread, and the borrow ends with this function.
        let state = unsafe { &mut *self.0.get() };
        let start = block.addr();
        if state.is_loading() {
            // What is left over from loading would otherwise stand in the snapshot.
            // SAFETY: the caller gives the block up, all of it.
            unsafe { ptr::write_bytes(block, 0, layout.size()) };
        }
        if start + layout.size() == state.top && start >= state.mark {
            state.top = start;
        }
    }

    #[inline(never)]
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, bytes: usize) -> *mut u8 {
        // SAFETY: single thread, and the borrow ends before `alloc` and `dealloc` below.
        let state = unsafe { &mut *self.0.get() };
        let start = block.addr();
        if start + layout.size() == state.top && start >= state.mark {
            return state.take(start, bytes);
        }
        // SAFETY: the caller vouches for the new size with the old alignment; both blocks
        // hold at least the lesser of the two sizes, and a new block overlaps no live one.
        unsafe {
            let new = self.alloc(Layout::from_size_align_unchecked(bytes, layout.align()));
            ptr::copy_nonoverlapping(block, new, bytes.min(layout.size()));
            self.dealloc(block, layout);
            new
        }
    }
}

const fn align_up(address: usize, align: usize) -> usize {
    (address + align - 1) & !(align - 1)
}
