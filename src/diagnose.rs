//! The first bytes of a file → why it cannot be executed.
//!
//! Read only after execve(2) has failed. What stands in the file is somebody else's: every offset
//! in it may be a lie, so each read is checked against the bytes that are there.

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
    pub const fn name(self) -> &'static str {
        match (self.number, self.wide, self.big) {
            (2, ..) => "sparc",
            (3, ..) => "i386",
            (4, ..) => "m68k",
            (8, false, true) => "mips",
            (8, false, false) => "mipsel",
            (8, true, true) => "mips64",
            (8, true, false) => "mips64el",
            (15, ..) => "hppa",
            (20, ..) => "ppc",
            (21, _, true) => "ppc64",
            (21, _, false) => "ppc64le",
            (22, ..) => "s390x",
            (40, _, true) => "armeb",
            (40, _, false) => "arm",
            (42, ..) => "sh4",
            (43, ..) => "sparc64",
            (50, ..) => "ia64",
            (62, false, _) => "x32",
            (62, true, _) => "x86_64",
            (183, _, true) => "aarch64_be",
            (183, _, false) => "aarch64",
            (243, false, _) => "riscv32",
            (243, true, _) => "riscv64",
            (258, ..) => "loongarch64",
            (0x9026, ..) => "alpha",
            _ => "a machine unknown to rinit",
        }
    }
}

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

fn elf(file: &[u8]) -> Option<Elf> {
    const PT_INTERP: u64 = 3;
    let wide = *file.get(4)? == 2;
    let big = *file.get(5)? == 2;
    // Where the two classes have a field, as 32 and 64 bits. An address has eight bytes in one and
    // four in the other.
    let field = |at: u64, (offset32, offset64): (u64, u64), size: u8| {
        let (offset, size) = if wide { (offset64, size) } else { (offset32, size.min(4)) };
        number(file, at.wrapping_add(offset), size, big)
    };
    let mut elf = Elf {
        machine: Machine { number: field(0, (18, 18), 2)? as u16, wide, big },
        loader_offset: 0,
        loader_size: 0,
    };
    let mut at = field(0, (28, 32), 8)?;
    let size = field(0, (42, 54), 2)?;
    for _ in 0..field(0, (44, 56), 2)? {
        // A header past the end of what was read ends the search.
        let Some(kind) = field(at, (0, 0), 4) else { break };
        if kind == PT_INTERP {
            elf.loader_offset = field(at, (4, 8), 8)?;
            elf.loader_size = field(at, (16, 32), 8)?;
        }
        at = at.wrapping_add(size);
    }
    Some(elf)
}

/// The number of `size` bytes that stands at `at`; none where the file ends before it does.
#[inline(never)]
fn number(file: &[u8], at: u64, size: u8, big: bool) -> Option<u64> {
    let start = usize::try_from(at).ok()?;
    let mut number = 0;
    for index in 0..size {
        let place = if big { index } else { size - 1 - index };
        number = number << 8 | u64::from(*file.get(start.checked_add(usize::from(place))?)?);
    }
    Some(number)
}

/// What an error number means to the person who wanted to run something. The numbers are those of errno(3) on every architecture that rinit has.
#[must_use]
pub const fn reason(errno: i32) -> &'static str {
    match errno {
        1 => "a security policy forbids it (seccomp, SELinux, AppArmor)",
        2 => "no such file or directory",
        5 => "input/output error",
        7 => "arguments and environment are too large",
        8 => "its format is unknown",
        9 => "it is closed",
        11 => "the limit of processes is reached",
        12 => "out of memory",
        13 => "permission denied",
        17 => "it is there already",
        20 => "a part of its path is not a directory",
        21 => "it is a directory",
        23 | 24 => "too many open files",
        26 => "it is open for writing",
        28 => "no space left on device",
        30 => "read-only file system",
        32 => "nobody reads it",
        36 => "its name is too long",
        40 => "too many symbolic links, or scripts that need scripts",
        80 => "its loader is damaged or for another machine",
        _ => "the kernel refused",
    }
}
