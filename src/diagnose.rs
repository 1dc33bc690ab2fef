//! The first bytes of a file → why it cannot be executed.
//!
//! Read only after execve(2) has failed. What stands in the file is somebody else's: every offset
//! in it may be a lie, so each read is checked against the bytes that are there.

use crate::text;

/// How many bytes from the start of a file are looked at. Linkers put the program headers right
/// after the ELF header and the loader's name soon after; Go's puts it at the end of the first
/// page.
pub const HEAD_MAX: usize = 4096;

/// How much of a `#!` line the kernel looks at (`BINPRM_BUF_SIZE`).
const SHEBANG_MAX: usize = 256;

/// What a file is, as far as its first bytes tell.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Kind<'a> {
    /// There is nothing in it.
    Empty,
    /// A script, and the interpreter that its `#!` line names.
    Script(&'a [u8]),
    /// An ELF file.
    Elf(Elf),
    /// An ELF file that ends before its header does.
    Truncated,
    /// A program for macOS.
    MachO,
    /// A program for Windows.
    Pe,
    /// Text without a `#!` line.
    Text,
    /// Something else.
    Unknown,
}

/// What an ELF header says (elf(5)).
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Elf {
    /// What it is built for.
    pub machine: Machine,
    /// Where the name of its loader stands in the file.
    pub loader_offset: u64,
    /// How long that name is, NUL included; 0 where there is none: only a dynamically linked
    /// program has a loader (`PT_INTERP`).
    pub loader_size: u64,
}

/// A machine as ELF tells machines apart.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Machine {
    /// `e_machine`.
    number: u16,
    /// Has it 64-bit addresses (`ELFCLASS64`)?
    wide: bool,
    /// Is it big-endian (`ELFDATA2MSB`)?
    big: bool,
}

impl Machine {
    /// The machine that this is compiled for.
    pub const OWN: Self = Self {
        number: if cfg!(target_arch = "x86_64") {
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
        } else {
            0
        },
        wide: cfg!(target_pointer_width = "64"),
        big: cfg!(target_endian = "big"),
    };

    /// Its usual name, as `uname -m` or a compiler says it.
    #[must_use]
    pub fn name(self) -> &'static [u8] {
        let narrow = if self.wide { 0 } else { NARROW };
        let big = if self.big { BIG } else { 0 };
        let name = text::entry(MACHINES.as_bytes(), u32::from(self.number) + narrow + big);
        if name.is_empty() { b"another machine" } else { name }
    }
}

/// What is added to `e_machine` in the list below where addresses have 32 bits.
const NARROW: u32 = 1000;
/// What is added where the byte order is big-endian.
const BIG: u32 = 2000;

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
3020 ppc
2022 s390x
258 loongarch64
3008 mips
1008 mipsel
2008 mips64
8 mips64el
2043 sparc64
3002 sparc
3004 m68k
3015 hppa
1042 sh4
50 ia64
36902 alpha";

/// What `head`, the first bytes of a file (at most [`HEAD_MAX`]), says of it.
#[must_use]
pub fn kind(head: &[u8]) -> Kind<'_> {
    match head {
        [] => Kind::Empty,
        [b'#', b'!', line @ ..] => script(line),
        [0x7f, b'E', b'L', b'F', ..] => elf(head).map_or(Kind::Truncated, Kind::Elf),
        [b'M', b'Z', ..] => Kind::Pe,
        // 32 and 64 bits, either byte order, and the archive of several of them.
        [0xfe, 0xed, 0xfa, 0xce | 0xcf, ..]
        | [0xce | 0xcf, 0xfa, 0xed, 0xfe, ..]
        | [0xca, 0xfe, 0xba, 0xbe, ..] => Kind::MachO,
        _ if head.iter().any(|byte| *byte == 0) => Kind::Unknown,
        _ => Kind::Text,
    }
}

/// The interpreter of a `#!` line, as the kernel reads it (`load_script` in fs/binfmt_script.c).
fn script(line: &[u8]) -> Kind<'_> {
    let line = line.get(..SHEBANG_MAX - 2).unwrap_or(line);
    let blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    let end = |byte: &u8| blank(byte) || matches!(byte, b'\n' | 0);
    let start = line.iter().position(|byte| !blank(byte)).unwrap_or_default();
    let name = line.get(start..).unwrap_or_default();
    Kind::Script(name.split(end).next().unwrap_or_default())
}

/// A field of a header: where it stands in it and how many bytes it has.
type Field = (u64, u8);

/// The fields that this machine's own class has (elf(5)).
mod field {
    use super::{Field, Machine};

    const fn of(narrow: Field, wide: Field) -> Field {
        if Machine::OWN.wide { wide } else { narrow }
    }

    pub const E_PHOFF: Field = of((28, 4), (32, 8));
    pub const E_PHENTSIZE: Field = of((42, 2), (54, 2));
    pub const E_PHNUM: Field = of((44, 2), (56, 2));
    pub const P_TYPE: Field = (0, 4);
    pub const P_OFFSET: Field = of((4, 4), (8, 8));
    pub const P_FILESZ: Field = of((16, 4), (32, 8));
}

fn elf(file: &[u8]) -> Option<Elf> {
    const PT_INTERP: u64 = 3;
    let big = *file.get(5)? == 2;
    let machine =
        Machine { number: number(file, 0, (18, 2), big)? as u16, wide: *file.get(4)? == 2, big };
    let mut elf = Elf { machine, loader_offset: 0, loader_size: 0 };
    // Of another machine's program nothing else matters.
    if machine == Machine::OWN {
        let own = |at: u64, field: Field| number(file, at, field, Machine::OWN.big);
        let mut at = own(0, field::E_PHOFF)?;
        let size = own(0, field::E_PHENTSIZE)?;
        let mut left = own(0, field::E_PHNUM)?;
        while left > 0 {
            // A header past the end of what was read ends the search.
            let Some(kind) = own(at, field::P_TYPE) else { break };
            if kind == PT_INTERP {
                elf.loader_offset = own(at, field::P_OFFSET)?;
                elf.loader_size = own(at, field::P_FILESZ)?;
                break;
            }
            at = at.wrapping_add(size);
            left -= 1;
        }
    }
    Some(elf)
}

/// The number in a field of the header at `at`; none where the file ends before it does.
#[inline(never)]
fn number(file: &[u8], at: u64, (offset, size): Field, big: bool) -> Option<u64> {
    let start = usize::try_from(at.wrapping_add(offset)).ok()?;
    let bytes = file.get(start..)?.get(..size.into())?;
    let mut number = 0;
    for index in 0..bytes.len() {
        let place = if big { index } else { bytes.len() - 1 - index };
        number = number << 8 | u64::from(*bytes.get(place)?);
    }
    Some(number)
}
