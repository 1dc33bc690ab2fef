//! x86_64: System V ABI, `syscall`.

use core::arch::naked_asm;

/// The first instruction. The stack holds what execve(2) put there; nothing else is set up.
#[unsafe(naked)]
#[unsafe(no_mangle)]
unsafe extern "C" fn _start() -> ! {
    naked_asm!(
        "xor ebp, ebp",   // the outermost frame has no caller (ABI, 3.4.1)
        "mov rdi, rsp",   // argc, argv, environment, auxiliary vector
        "mov eax, esp",   // where the frames to come would not fit into this page, they get the
        "and eax, 4095",  // next one to themselves, and this one can be let go of: see
        "cmp eax, {room}", // InitialStack::unused
        "jae 2f",
        "and rsp, -4096",
        "2: and rsp, -16", // already so by the ABI; costs nothing to be sure
        "call {main}",
        "ud2",            // main does not return
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
        "mov eax, ecx", // the fourth argument of a function is the number,
        "mov r10, r8",  // and the fifth the fourth of the kernel's
        "syscall",      // which keeps all registers but rax, rcx and r11
        "ret",
    )
}

/// The same with up to three arguments.
///
/// # Safety
/// As above.
#[unsafe(naked)]
pub unsafe extern "C" fn system_call_3(a: usize, b: usize, c: usize, number: u32) -> isize {
    naked_asm!("mov eax, ecx", "syscall", "ret")
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
        "mov r8, rdi", // the kernel keeps r8 and r9
        "mov r9, rsi",
        "mov eax, 58", // __NR_vfork
        "syscall",
        "test rax, rax",
        "jnz 2f", // the parent, or nobody was born
        "mov rdi, r9",
        "push rax", // aligns the stack for the call
        "call r8",
        "ud2", // the child does not return
        "2: ret",
    )
}
