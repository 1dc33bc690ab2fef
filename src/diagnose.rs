//! The first bytes of a file → why it cannot be executed.
//!
//! Read only after execve(2) has failed. What stands in the file is somebody else's: every offset
//! in it may be a lie, so each read is checked against the bytes that are there.

use crate::message::Message;
use crate::text;

/// How many bytes from the start of a file are looked at. Linkers put the program headers right
/// after the ELF header; the name of the loader, to which they point, may stand anywhere.
pub const HEAD_MAX: usize = 2048;

/// How much of a `#!` line the kernel looks at (`BINPRM_BUF_SIZE`).
const SHEBANG_MAX: usize = 256;

/// What the first bytes of a file tell.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Diagnosis {
    /// Why it cannot be executed. [`Message::NoLoader`], [`Message::NoInterpreter`] and
    /// [`Message::CarriageReturn`] are so only where what it needs in order to run is not there.
    pub reason: Message,
    /// What it is built for; this machine where the file does not say.
    pub machine: Machine,
    /// Where in the file the name of what it needs stands: the loader (elf(5), `PT_INTERP`) of a
    /// dynamically linked program, or the interpreter of a script.
    pub offset: usize,
    /// How long that name is, with a NUL or without; 0 where it needs nothing.
    pub size: usize,
}

/// A machine as ELF tells machines apart: `e_machine`, the class and the byte order, in one number.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Machine(u32);

/// Is this machine's byte order big-endian?
const BIG: bool = cfg!(target_endian = "big");
/// This machine's own class: `ELFCLASS32` or `ELFCLASS64`.
const CLASS: u8 = if cfg!(target_pointer_width = "64") { 2 } else { 1 };
/// This machine's own byte order: `ELFDATA2LSB` or `ELFDATA2MSB`.
const ORDER: u8 = if BIG { 2 } else { 1 };

impl Machine {
    /// The machine that this is compiled for.
    pub const OWN: Self = Self::new(
        if cfg!(target_arch = "x86_64") {
            62
        } else if cfg!(target_arch = "aarch64") {
            183
        } else if cfg!(target_arch = "arm") {
            40
        } else if cfg!(any(target_arch = "riscv64", target_arch = "riscv32")) {
            243
        } else if cfg!(target_arch = "x86") {
            3
        } else if cfg!(target_arch = "powerpc64") {
            21
        } else if cfg!(target_arch = "s390x") {
            22
        } else if cfg!(target_arch = "loongarch64") {
            258
        } else {
            0
        },
        CLASS,
        ORDER,
    );

    /// 64 bits and little-endian, as most are, add nothing; 32 bits add 1000, big-endian 2000. The
    /// numbers of machines that matter are below 1000 (and one is far above).
    const fn new(number: u16, class: u8, order: u8) -> Self {
        let kind = (2 * order as u32).wrapping_sub(class as u32);
        Self((number as u32).wrapping_add(kind.wrapping_mul(1000)))
    }

    /// Its usual name, as `uname -m` or a compiler says it.
    #[must_use]
    pub fn name(self) -> &'static [u8] {
        text::entry(MACHINES.as_bytes(), self.0)
    }
}

/// By their numbers as [`Machine::new`] makes them.
const MACHINES: &str = "62 x86_64
1062 x32
1003 i386
183 aarch64
2183 aarch64_be
1040 arm
3040 armeb
243 riscv64
1243 riscv32
21 ppc64le
2021 ppc64
s390x
3020 ppc
3022 s390
258 loongarch64
3008 mips
1008 mipsel
2008 mips64
8 mips64el
2043 sparc64
3002 sparc
3018 sparc
3004 m68k
3015 hppa
1042 sh4
1195 arc
50 ia64
36902 alpha
another machine";

/// What the first bytes of a file say of it. Where it has only `size` bytes, the others must be 0.
#[must_use]
#[inline(never)]
pub fn diagnose(head: &[u8; HEAD_MAX], size: usize) -> Diagnosis {
    let mut found =
        Diagnosis { reason: Message::IsUnknown, machine: Machine::OWN, offset: 0, size: 0 };
    match u32::from_be_bytes(field(head, 0)) {
        _ if size == 0 => found.reason = Message::IsEmpty,
        0x7f45_4c46 => found.read_elf(head, size),
        // 32 and 64 bits, either byte order, and the archive of several of them.
        0xfeed_face | 0xfeed_facf | 0xcefa_edfe | 0xcffa_edfe | 0xcafe_babe => {
            found.reason = Message::IsMachO;
        }
        magic => match magic >> 16 {
            // `MZ` and `#!`
            0x4d5a => found.reason = Message::IsPe,
            0x2321 => found.read_line(head),
            _ if text::split(head, 0).0.len() >= size => {
                found.reason = Message::IsText;
            }
            _ => {}
        },
    }
    found
}

impl Diagnosis {
    /// Finds the interpreter in a `#!` line, as the kernel does (`load_script` in
    /// fs/binfmt_script.c). It runs no name that it cannot see the end of.
    fn read_line(&mut self, head: &[u8; HEAD_MAX]) {
        let byte = |at: usize| head.get(at).copied().unwrap_or_default();
        self.reason = Message::IsNameless;
        let mut start = 2;
        for at in 2..SHEBANG_MAX {
            match byte(at) {
                b' ' | b'\t' if at == start => start += 1,
                b' ' | b'\t' | b'\n' | 0 => {
                    if at > start {
                        self.reason = match byte(at - 1) {
                            b'\r' => Message::CarriageReturn,
                            _ => Message::NoInterpreter,
                        };
                        (self.offset, self.size) = (start, at - start);
                    }
                    return;
                }
                _ => {}
            }
        }
    }

    fn read_elf(&mut self, head: &[u8; HEAD_MAX], size: usize) {
        self.reason = Message::IsDamaged;
        if size < HEADER_MIN {
            return;
        }
        let (class, order) = (head[4], head[5]);
        let mut number = u16::from_ne_bytes(field(head, 18));
        if order != ORDER {
            number = number.swap_bytes();
        }
        self.reason = Message::NoLoader;
        self.machine = Machine::new(number, class, order);
        // Kernels run programs of the other class as well (i386 on x86_64), never of the other
        // byte order.
        if order == ORDER {
            (self.offset, self.size) = loader(head, class != 1).unwrap_or_default();
        }
    }
}

/// The shorter of the two ELF headers, which is that of 32 bits.
const HEADER_MIN: usize = 52;

/// Where the name of the loader stands in a program of this machine's byte order and either class,
/// and how long it is; none where there is none, or none is found.
fn loader(head: &[u8; HEAD_MAX], wide: bool) -> Option<(usize, usize)> {
    const PT_INTERP: u32 = 3;
    // Where things stand in the two classes' headers (elf(5)).
    let at = |in_32_bits, in_64_bits| if wide { in_64_bits } else { in_32_bits };
    let mut table = head.get(address(head, at(28, 32), wide)..)?; // e_phoff
    for _ in 0..u16::from_ne_bytes(field(head, at(44, 56))) {
        // The kernel takes no program headers of another length (`load_elf_phdrs` in
        // fs/binfmt_elf.c).
        let (entry, rest) = table.split_at_checked(at(32, 56))?;
        if u32::from_ne_bytes(field(entry, 0)) == PT_INTERP {
            // p_offset and p_filesz
            return Some((address(entry, at(4, 8), wide), address(entry, at(16, 32), wide)));
        }
        table = rest;
    }
    None
}

/// An address or offset of a header, whose upper half is 0 in every file that anybody has.
#[inline(always)]
fn address(header: &[u8], at: usize, wide: bool) -> usize {
    let lower = if BIG && wide { at + 4 } else { at };
    u32::from_ne_bytes(field(header, lower)) as usize
}

/// The bytes of the field at `at` of a header.
#[inline(always)]
fn field<const SIZE: usize>(header: &[u8], at: usize) -> [u8; SIZE] {
    let rest = header.get(at..).unwrap_or_default();
    rest.first_chunk().copied().unwrap_or([0; SIZE])
}
