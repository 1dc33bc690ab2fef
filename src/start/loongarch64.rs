//! loongarch64: the psABI's calling convention, `syscall`.

use core::arch::naked_asm;

/// The first instruction. The stack holds what execve(2) put there; nothing else is set up.
#[unsafe(naked)]
#[unsafe(no_mangle)]
unsafe extern "C" fn _start() -> ! {
    naked_asm!(
        "move $fp, $zero",         // the outermost frame has no caller
        "move $a0, $sp",           // argc, argv, environment, auxiliary vector
        "bstrpick.d $a1, $sp, 11, 0", // where the frames to come would not fit into this page, they get
        "li.w $a2, {room}",        // the next one to themselves, and this one can be let go of: see
        "bgeu $a1, $a2, 2f",       // InitialStack::unused
        "sub.d $sp, $sp, $a1",
        "2: bstrins.d $sp, $zero, 3, 0", // already so by the ABI; costs nothing to be sure
        "bl {main}",
        "break 0",                 // main does not return
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
        "move $a7, $a3",   // the fourth argument of a function is the number,
        "move $a3, $a4",   // and the fifth the fourth of the kernel's
        "move $a4, $zero", // its fifth: renameat2(2), which stands in for renameat(2) here, has flags
        "syscall 0",       // the kernel keeps all registers but a0 and t0 to t8
        "ret",
    )
}

/// The same with up to three arguments.
///
/// # Safety
/// As above.
#[unsafe(naked)]
pub unsafe extern "C" fn system_call_3(a: usize, b: usize, c: usize, number: u32) -> isize {
    naked_asm!("move $a7, $a3", "syscall 0", "ret",)
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
        "move $a5, $a0", // the kernel keeps a5 and a6
        "move $a6, $a1",
        "li.w $a0, 0x4111", // CLONE_VM | CLONE_VFORK | SIGCHLD: there is no vfork here
        "move $a1, $zero",  // on the same stack
        "li.w $a7, 220",    // __NR_clone; without further flags it reads no further argument
        "syscall 0",
        "bnez $a0, 2f", // the parent, or nobody was born
        "move $a0, $a6",
        "jirl $ra, $a5, 0",
        "break 0", // the child does not return
        "2: ret",
    )
}
