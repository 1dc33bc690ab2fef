//! The initial stack: what execve(2) hands to a program.

use core::ffi::CStr;
use core::slice;

use linux_raw_sys::auxvec::{AT_NULL, AT_PHDR};
use linux_raw_sys::elf::{Elf_Ehdr, Elf_Phdr};

/// The arguments and the environment, where the kernel put them (`create_elf_tables` in
/// fs/binfmt_elf.c). They are there for as long as the process is.
#[derive(Copy, Clone)]
pub struct InitialStack {
    arguments: *mut *const u8,
    environment: *mut *const u8,
}

impl InitialStack {
    /// # Safety
    /// `top` must be the stack pointer that the kernel entered with.
    pub unsafe fn new(top: *mut usize) -> Self {
        let arguments = top.wrapping_add(1).cast();
        // SAFETY: argc stands there.
        let count = unsafe { *top };
        Self { arguments, environment: arguments.wrapping_add(count + 1) }
    }

    /// The argument vector from `index` on, as execve(2) takes it: each entry a C string, a null
    /// after the last.
    pub fn arguments_from(&self, index: usize) -> *mut *const u8 {
        self.arguments.wrapping_add(index)
    }

    /// The environment from `index` on, in the same form.
    pub fn environment_from(&self, index: usize) -> *mut *const u8 {
        self.environment.wrapping_add(index)
    }

    /// The argument at `index`, without its NUL; none at the index after the last, past which
    /// nobody may ask. rinit's own name stands at 0.
    pub fn argument(&self, index: usize) -> Option<&'static [u8]> {
        // SAFETY: an entry of the kernel's own vector, or the null after the last.
        unsafe { string(self.arguments_from(index)) }
    }

    /// The entry of the environment at `index`, in the same way; nothing in place of one whose name
    /// does not begin as one that rinit reads (`LISTEN_PID`, `PATH`, `RINIT_`), of which then nobody
    /// has to find the end.
    pub fn variable(&self, index: usize) -> Option<&'static [u8]> {
        let entry = self.environment_from(index);
        // SAFETY: as above.
        unsafe {
            match (*entry).as_ref() {
                None | Some(b'L'..=b'R') => string(entry),
                Some(_) => Some(b""),
            }
        }
    }

    /// What lies between rinit's frames, of which `frame` is the first, and the strings of the
    /// arguments and the environment: the vectors that point to the strings, and the gap of random
    /// size that the kernel leaves (`arch_align_stack`). Of no use once the programs are started;
    /// the strings are what `ps` shows.
    pub fn unused<T>(&self, frame: &T) -> (usize, usize) {
        let strings = self.argument(0).map_or(0, |name| name.as_ptr().addr());
        ((&raw const *frame).addr(), strings)
    }

    /// What follows `prefix` in the first variable from `index` on that begins with it; `index` is
    /// that variable's then.
    #[inline(never)]
    pub fn find(&self, prefix: &[u8], index: &mut usize) -> Option<&'static [u8]> {
        loop {
            let value = self.variable(*index)?.strip_prefix(prefix);
            if value.is_some() {
                return value;
            }
            *index += 1;
        }
    }

    /// rinit's own file, as it stands in memory: the linker script makes all of it one segment,
    /// and the ELF header and the program headers the start of that.
    #[cold]
    pub fn image(&self) -> &'static [u8] {
        let mut entry = self.environment.cast::<usize>();
        // SAFETY: the environment ends with a null, and the auxiliary vector (getauxval(3)) begins
        // after it and ends with AT_NULL; the kernel puts AT_PHDR into every one.
        unsafe {
            while *entry != 0 {
                entry = entry.add(1);
            }
            entry = entry.add(1);
            while *entry != AT_PHDR as usize {
                if *entry == AT_NULL as usize {
                    return &[];
                }
                entry = entry.add(2);
            }
            let header: *const Elf_Phdr = core::ptr::with_exposed_provenance(*entry.add(1));
            let start = header.cast::<u8>().sub(size_of::<Elf_Ehdr>());
            slice::from_raw_parts(start, (*header).p_filesz)
        }
    }
}

/// The string of an entry, without its NUL.
///
/// # Safety
/// It must be an entry of a vector of C strings that stay, or the null at its end.
#[inline(never)]
unsafe fn string(entry: *const *const u8) -> Option<&'static [u8]> {
    // SAFETY: the caller's promise.
    let string = unsafe { *entry };
    if string.is_null() {
        return None;
    }
    // SAFETY: the caller's promise.
    Some(unsafe { CStr::from_ptr(string.cast()) }.to_bytes())
}
