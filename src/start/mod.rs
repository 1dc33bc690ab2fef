//! Where the kernel enters: `_start`, the initial stack, what the compiler expects of a C library,
//! and the two things that rustix has no function for.
//!
//! One small file an architecture holds what only assembly can say:
//!
//! - `_start`: hands the initial stack pointer to [`main`](crate::main);
//! - `system_call`: any system call with up to four arguments, `system_call_3` with up to three. Where
//!   rustix is done without, and where there is no renameat(2), a fifth is zero;
//! - `vfork_into`: a child that borrows its parent's memory while the parent sleeps.

#[cfg_attr(target_arch = "aarch64", path = "aarch64.rs")]
#[cfg_attr(target_arch = "arm", path = "arm.rs")]
#[cfg_attr(target_arch = "loongarch64", path = "loongarch64.rs")]
#[cfg_attr(target_arch = "powerpc64", path = "powerpc64le.rs")]
#[cfg_attr(target_arch = "riscv64", path = "riscv64.rs")]
#[cfg_attr(target_arch = "s390x", path = "s390x.rs")]
#[cfg_attr(target_arch = "x86", path = "x86.rs")]
#[cfg_attr(target_arch = "x86_64", path = "x86_64.rs")]
mod arch;
mod memory;
mod stack;

pub use arch::{system_call, system_call_3, vfork_into};
pub use stack::InitialStack;

use crate::sys;

/// How much of the stack rinit takes on a normal run, in bytes.
pub const FRAMES: usize = 1536;

/// Never reached, and the release build proves it: the linker script refuses a program that holds
/// this section. A debug build checks arithmetic and says only that it failed.
#[cfg_attr(not(test), panic_handler)]
#[inline(never)]
#[unsafe(link_section = ".rinit.panic")]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    sys::exit(rinit::status::CANNOT)
}
