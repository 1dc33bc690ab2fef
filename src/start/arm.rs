//! arm: AAPCS with EABI system calls, `svc`. For ARMv6 and later, in Arm code, whatever the rest
//! of the program is in: calls change between the two instruction sets by themselves.

use core::arch::global_asm;

// Not naked functions: those are in the instruction set of the rest, and the assembler's idea of
// what the oldest Arm knows does not include Thumb.
global_asm!(
    // Which stands on addresses that are multiples of 4; the rest need not.
    ".arm",
    ".section .text._start, \"ax\", %progbits",
    ".p2align 2",
    ".global _start",
    ".type _start, %function",
    // The first instruction. The stack holds what execve(2) put there; nothing else is set up.
    "_start:",
    "mov r11, #0",     // the outermost frame has no caller
    "mov lr, #0",
    "mov r0, sp",      // argc, argv, environment, auxiliary vector
    "lsl r1, r0, #20", // where the frames to come would not fit into this page, they get the
    "lsr r1, r1, #20", // next one to themselves, and this one can be let go of: see
    "cmp r1, #{room}", // InitialStack::unused
    "sublo sp, sp, r1",
    "bl {main}",       // the kernel has aligned the stack to the ABI's 8 bytes
    "udf #0",          // main does not return

    ".section .text.system_call, \"ax\", %progbits",
    ".p2align 2",
    ".global system_call, system_call_3",
    ".type system_call, %function",
    ".type system_call_3, %function",
    "system_call:",
    "system_call_3:",   // one for both: the kernel reads no argument that a call does not have
    "push {{r7, lr}}",
    "mov r7, r3",       // the fourth argument of a function is the number,
    "ldr r3, [sp, #8]", // and the fifth, which stands on the stack, the fourth of the kernel's
    "svc #0",           // which keeps all registers but r0
    "pop {{r7, pc}}",

    ".section .text.vfork_into, \"ax\", %progbits",
    ".p2align 2",
    ".global vfork_into",
    ".type vfork_into, %function",
    "vfork_into:",
    "push {{r4, r5, r7, lr}}", // the kernel keeps them
    "mov r4, r0",
    "mov r5, r1",
    "mov r7, #190", // __NR_vfork
    "svc #0",
    "cmp r0, #0",
    "popne {{r4, r5, r7, pc}}", // the parent, or nobody was born
    "mov r0, r5",
    "blx r4",
    "udf #0", // the child does not return
    room = const super::FRAMES,
    main = sym crate::main,
);

unsafe extern "C" {
    /// A system call with up to four arguments; what it returns, an error as its negative number.
    ///
    /// The number comes after those arguments that nearly all calls have, so that they already
    /// stand where the kernel expects them.
    ///
    /// # Safety
    /// Whatever the call itself asks for.
    pub fn system_call(a: usize, b: usize, c: usize, number: u32, d: usize) -> isize;

    /// The same with up to three arguments.
    ///
    /// # Safety
    /// As above.
    pub fn system_call_3(a: usize, b: usize, c: usize, number: u32) -> isize;
}

mod untyped {
    use core::ffi::c_void;

    unsafe extern "C" {
        pub fn vfork_into(child: *const c_void, data: *mut c_void) -> isize;
    }
}

/// vfork(2), and in the child `child(data)`. Returns in the parent, once the child has executed
/// another program or ended: the child's process id, or an error as its negative number.
///
/// The child runs on the parent's stack, below this frame, as any callee would; the parent sleeps
/// meanwhile, so nobody else uses that memory.
///
/// # Safety
/// `data` must be what `child` expects.
pub unsafe fn vfork_into<T>(child: extern "C" fn(*mut T) -> !, data: *mut T) -> isize {
    // SAFETY: the caller's promise.
    unsafe { untyped::vfork_into(child as *const _, data.cast()) }
}
