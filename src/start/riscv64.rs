//! riscv64: the psABI's calling convention, `ecall`.

use core::arch::naked_asm;

/// The first instruction. The stack holds what execve(2) put there; nothing else is set up.
#[unsafe(naked)]
#[unsafe(no_mangle)]
unsafe extern "C" fn _start() -> ! {
    naked_asm!(
        "li s0, 0",         // the outermost frame has no caller
        "mv a0, sp",        // argc, argv, environment, auxiliary vector
        "slli a1, sp, 52",  // where the frames to come would not fit into this page, they get the
        "srli a1, a1, 52",  // next one to themselves, and this one can be let go of: see
        "li a2, {room}",    // InitialStack::unused
        "bgeu a1, a2, 2f",
        "sub sp, sp, a1",
        "2: andi sp, sp, -16", // already so by the ABI; costs nothing to be sure
        "call {main}",
        "unimp", // main does not return
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
        "mv a7, a3", // the fourth argument of a function is the number,
        "mv a3, a4", // and the fifth the fourth of the kernel's
        "li a4, 0",  // its fifth: renameat2(2), which stands in for renameat(2) here, has flags
        "ecall",     // the kernel keeps all registers but a0
        "ret",
    )
}

/// The same with up to three arguments.
///
/// # Safety
/// As above.
#[unsafe(naked)]
pub unsafe extern "C" fn system_call_3(a: usize, b: usize, c: usize, number: u32) -> isize {
    naked_asm!("mv a7, a3", "ecall", "ret")
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
        "mv t0, a0", // the kernel keeps t0 and t1
        "mv t1, a1",
        "li a0, 0x4111", // CLONE_VM | CLONE_VFORK | SIGCHLD: there is no vfork here
        "li a1, 0",      // on the same stack
        "li a7, 220",    // __NR_clone; without further flags it reads no further argument
        "ecall",
        "bnez a0, 2f", // the parent, or nobody was born
        "mv a0, t1",
        "jalr t0",
        "unimp", // the child does not return
        "2: ret",
    )
}
