//! powerpc64le: ELF V2 ABI, `sc`. The ABI counts addresses of constants from r2, the TOC pointer.

use core::arch::naked_asm;

/// The first instruction. The stack holds what execve(2) put there; nothing else is set up.
#[unsafe(naked)]
#[unsafe(no_mangle)]
unsafe extern "C" fn _start() -> ! {
    naked_asm!(
        "0: addis 2, 12, .TOC.-0b@ha", // the kernel leaves this address in r12 (ELF_PLAT_INIT)
        "addi 2, 2, .TOC.-0b@l",
        "mr 3, 1",                // argc, argv, environment, auxiliary vector
        "clrldi 4, 1, 52",        // where the frames to come would not fit into this page, they get the
        "cmpldi 4, {room}",       // next one to themselves, and this one can be let go of: see
        "bge 1f",                 // InitialStack::unused
        "sub 1, 1, 4",
        "1: clrrdi 1, 1, 4",      // already so by the ABI; costs nothing to be sure
        "li 0, 0",
        "stdu 0, -32(1)",         // a frame for main to save its caller in; it has no caller itself
        "mtlr 0",
        "bl {main}",
        "nop",                    // where a linker may restore r2
        "trap",                   // main does not return
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
        "mr 0, 6",  // the fourth argument of a function is the number,
        "mr 6, 7",  // and the fifth the fourth of the kernel's
        "li 7, 0",  // its fifth is none: waitid(2) would write there
        "sc",       // the kernel keeps r1, r2 and r13 up
        "bnslr",    // no error
        "neg 3, 3", // errors are positive, and the summary overflow bit tells them apart
        "blr",
    )
}

/// The same with up to three arguments.
///
/// # Safety
/// As above.
#[unsafe(naked)]
pub unsafe extern "C" fn system_call_3(a: usize, b: usize, c: usize, number: u32) -> isize {
    naked_asm!("mr 0, 6", "sc", "bnslr", "neg 3, 3", "blr",)
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
        "mflr 0",
        "std 0, 16(1)",
        "std 31, -8(1)", // below the stack nobody writes (ABI, protected zone)
        "std 30, -16(1)",
        "stdu 1, -64(1)", // the child's frames come below this one
        "mr 31, 3",       // the kernel keeps r31 and r30
        "mr 30, 4",
        "li 0, 189", // __NR_vfork
        "sc",
        "bns 1f",
        "neg 3, 3", // nobody was born
        "b 2f",
        "1: cmpdi 3, 0",
        "bne 2f", // the parent
        "mr 3, 30",
        "mr 12, 31", // from its address a function finds r2
        "mtctr 12",
        "bctrl",
        "trap", // the child does not return
        "2: addi 1, 1, 64",
        "ld 31, -8(1)",
        "ld 30, -16(1)",
        "ld 0, 16(1)",
        "mtlr 0",
        "blr",
    )
}
