//! s390x: ELF ABI, `svc`.

use core::arch::naked_asm;

/// The first instruction. The stack holds what execve(2) put there; nothing else is set up.
#[unsafe(naked)]
#[unsafe(no_mangle)]
unsafe extern "C" fn _start() -> ! {
    naked_asm!(
        "lgr %r2, %r15",     // argc, argv, environment, auxiliary vector
        "lgr %r1, %r15",     // where the frames to come would not fit into this page, they get the
        "nill %r1, 4095",    // next one to themselves, and this one can be let go of: see
        "lghi %r0, 4095",    // InitialStack::unused
        "ngr %r1, %r0",
        "cghi %r1, {room}",
        "jhe 1f",
        "sgr %r15, %r1",
        "1: aghi %r15, -160", // where a function saves its caller's registers
        "lghi %r0, 0",
        "stg %r0, 0(%r15)",   // the outermost frame has no caller
        "brasl %r14, {main}",
        "j .+2",              // main does not return; this is no instruction
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
        "lgr %r1, %r5", // the fourth argument of a function is the number,
        "lgr %r5, %r6", // and the fifth the fourth of the kernel's
        "lgr %r0, %r6",
        "lghi %r6, 0",  // its fifth is none: waitid(2) would write there
        "svc 0",        // the kernel keeps all registers but r2
        "lgr %r6, %r0", // the caller's
        "br %r14",
    )
}

/// The same with up to three arguments.
///
/// # Safety
/// As above.
#[unsafe(naked)]
pub unsafe extern "C" fn system_call_3(a: usize, b: usize, c: usize, number: u32) -> isize {
    naked_asm!("lgr %r1, %r5", "svc 0", "br %r14",)
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
        "lgr %r4, %r2",      // the kernel keeps r4 and r3
        "svc 190",           // __NR_vfork
        "cgijlh %r2, 0, 1f", // the parent, or nobody was born
        "lgr %r2, %r3",
        "aghi %r15, -160", // where the child saves registers
        "basr %r14, %r4",
        "j .+2", // the child does not return; this is no instruction
        "1: br %r14",
    )
}
