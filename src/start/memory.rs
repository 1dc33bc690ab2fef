//! What the compiler takes for granted: memcpy(3) and its kin. No libc brings them.
//!
//! The empty `asm!` in each loop keeps the optimiser from recognising the loop for what it is and
//! putting a call in its place, to the very function that it stands in.

use core::arch::asm;

/// Stops the optimiser from seeing a known loop.
#[inline(always)]
fn barrier() {
    // SAFETY: no instruction at all.
    unsafe { asm!("", options(nomem, nostack, preserves_flags)) }
}

/// # Safety
/// As memcpy(3) says.
#[unsafe(no_mangle)]
unsafe extern "C" fn memcpy(to: *mut u8, from: *const u8, count: usize) -> *mut u8 {
    for index in 0..count {
        barrier();
        // SAFETY: both have `count` bytes, says the caller.
        unsafe { *to.add(index) = *from.add(index) };
    }
    to
}

/// # Safety
/// As memset(3) says.
#[unsafe(no_mangle)]
unsafe extern "C" fn memset(to: *mut u8, byte: i32, count: usize) -> *mut u8 {
    for index in 0..count {
        barrier();
        // SAFETY: it has `count` bytes, says the caller.
        unsafe { *to.add(index) = byte as u8 };
    }
    to
}

/// # Safety
/// As memcmp(3) says.
#[unsafe(no_mangle)]
unsafe extern "C" fn memcmp(left: *const u8, right: *const u8, count: usize) -> i32 {
    for index in 0..count {
        barrier();
        // SAFETY: both have `count` bytes, says the caller.
        let (left, right) = unsafe { (*left.add(index), *right.add(index)) };
        if left != right {
            return i32::from(left) - i32::from(right);
        }
    }
    0
}

/// # Safety
/// As bcmp(3) says.
#[unsafe(no_mangle)]
unsafe extern "C" fn bcmp(left: *const u8, right: *const u8, count: usize) -> i32 {
    // SAFETY: the same preconditions.
    unsafe { memcmp(left, right, count) }
}

/// # Safety
/// As strlen(3) says.
#[unsafe(no_mangle)]
unsafe extern "C" fn strlen(text: *const u8) -> usize {
    let mut len = 0;
    // SAFETY: there is a NUL, says the caller, and nothing after it is read.
    while unsafe { *text.add(len) } != 0 {
        barrier();
        len += 1;
    }
    len
}
