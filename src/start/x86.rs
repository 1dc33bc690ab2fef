//! x86 (i686): System V ABI, `int 0x80`.

use core::arch::naked_asm;

/// The first instruction. The stack holds what execve(2) put there; nothing else is set up.
#[unsafe(naked)]
#[unsafe(no_mangle)]
unsafe extern "C" fn _start() -> ! {
    naked_asm!(
        "xor ebp, ebp",   // the outermost frame has no caller
        "mov ecx, esp",   // argc, argv, environment, auxiliary vector
        "mov eax, esp",   // where the frames to come would not fit into this page, they get the
        "and eax, 4095",  // next one to themselves, and this one can be let go of: see
        "cmp eax, {room}", // InitialStack::unused
        "jae 2f",
        "and esp, -4096",
        "2: and esp, -16",
        "sub esp, 12", // with the argument it is aligned again
        "push ecx",
        "call {main}",
        "ud2", // main does not return
        room = const super::FRAMES,
        main = sym crate::main,
    )
}

/// A system call with up to four arguments; what it returns, an error as its negative number.
///
/// The number comes after those arguments that nearly all calls have, as on other architectures.
///
/// # Safety
/// Whatever the call itself asks for.
#[unsafe(naked)]
pub unsafe extern "C" fn system_call(a: usize, b: usize, c: usize, number: u32, d: usize) -> isize {
    naked_asm!(
        "push ebx", // these three are the caller's
        "push esi",
        "push edi",
        "mov ebx, [esp + 16]", // arguments stand on the stack, above the return address
        "mov ecx, [esp + 20]",
        "mov edx, [esp + 24]",
        "mov eax, [esp + 28]", // the number
        "mov esi, [esp + 32]", // where there is no fourth, it is what stands above: not read
        "xor edi, edi",        // a fifth argument is none: waitid(2) would write there
        "int 0x80",            // the kernel keeps all registers but eax
        "pop edi",
        "pop esi",
        "pop ebx",
        "ret",
    )
}

/// The same with up to three arguments.
///
/// # Safety
/// As above.
#[unsafe(naked)]
pub unsafe extern "C" fn system_call_3(a: usize, b: usize, c: usize, number: u32) -> isize {
    naked_asm!("jmp {with_four}", with_four = sym system_call)
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
        "mov ecx, [esp + 4]", // the kernel keeps ecx and edx
        "mov edx, [esp + 8]",
        "mov eax, 190", // __NR_vfork
        "int 0x80",
        "test eax, eax",
        "jnz 2f",     // the parent, or nobody was born
        "sub esp, 8", // with the argument it is aligned again
        "push edx",
        "call ecx",
        "ud2", // the child does not return
        "2: ret",
    )
}
