//! aarch64: AAPCS64, `svc`.

use core::arch::naked_asm;

/// The first instruction. The stack holds what execve(2) put there; nothing else is set up.
#[unsafe(naked)]
#[unsafe(no_mangle)]
unsafe extern "C" fn _start() -> ! {
    naked_asm!(
        "mov x29, #0",       // the outermost frame has no caller
        "mov x30, #0",
        "mov x0, sp",        // argc, argv, environment, auxiliary vector
        "and x1, x0, #4095", // where the frames to come would not fit into this page, they get the
        "cmp x1, #{room}",   // next one to themselves, and this one can be let go of: see
        "b.hs 2f",           // InitialStack::unused
        "and sp, x0, #-4096",
        "2: bl {main}",      // the kernel has aligned the stack, as every access through sp demands
        "brk #1",            // main does not return
        room = const super::FRAMES,
        main = sym crate::main,
    )
}

/// A system call with up to four arguments; what it returns, an error as its negative number.
///
/// The number comes after those arguments that nearly all calls have, so that they already stand
/// where the kernel expects them.
///
/// # Safety
/// Whatever the call itself asks for.
#[unsafe(naked)]
pub unsafe extern "C" fn system_call(a: usize, b: usize, c: usize, number: u32, d: usize) -> isize {
    naked_asm!(
        "mov w8, w3", // the fourth argument of a function is the number,
        "mov x3, x4", // and the fifth the fourth of the kernel's
        "svc #0",     // which keeps all registers but x0
        "ret",
    )
}

/// The same with up to three arguments.
///
/// # Safety
/// As above.
#[unsafe(naked)]
pub unsafe extern "C" fn system_call_3(a: usize, b: usize, c: usize, number: u32) -> isize {
    naked_asm!("mov w8, w3", "svc #0", "ret")
}

/// vfork(2), and in the child `child(data)`. Returns in the parent, once the child has executed
/// another program or ended: the child's process id, or an error as its negative number.
///
/// The child runs on the parent's stack, below this frame, as any callee would; the parent sleeps
/// meanwhile, so nobody else uses that memory.
///
/// # Safety
/// `data` must be what `child` expects.
#[unsafe(naked)]
pub unsafe extern "C" fn vfork_into<T>(child: extern "C" fn(*mut T) -> !, data: *mut T) -> isize {
    naked_asm!(
        "mov x9, x0", // the kernel keeps x9 and x10
        "mov x10, x1",
        "mov x0, #0x4111", // CLONE_VM | CLONE_VFORK | SIGCHLD: there is no vfork here
        "mov x1, #0",      // on the same stack
        "mov w8, #220",    // __NR_clone; without further flags it reads no further argument
        "svc #0",
        "cbnz x0, 2f", // the parent, or nobody was born
        "mov x0, x10",
        "blr x9",
        "brk #1", // the child does not return
        "2: ret",
    )
}
