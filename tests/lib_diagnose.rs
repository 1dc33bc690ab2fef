//! What a file's first bytes tell: real and synthetic headers, cut off at every length, with every
//! lie that an offset can tell.

use std::env;
use std::fs::{self, File};
use std::io::Read;
use std::sync::OnceLock;

use rinit::diagnose::{HEAD_MAX, Machine, diagnose};
use rinit::message::Message;

/// All of them; a few where Miri interprets the test, which makes it a thousand times slower.
fn some<I: Iterator>(all: I) -> std::iter::StepBy<I> {
    all.step_by(if cfg!(miri) { 37 } else { 1 })
}

/// What a file is, as far as its first bytes tell.
#[derive(Debug, PartialEq, Eq)]
enum Kind {
    Empty,
    /// The interpreter that its `#!` line names.
    Script(Vec<u8>),
    /// A script whose first line names none that the kernel would take.
    Nameless,
    Elf(Elf),
    /// An ELF file without a whole header.
    Damaged,
    MachO,
    Pe,
    Text,
    Unknown,
}

#[derive(Debug, PartialEq, Eq)]
struct Elf {
    machine: Machine,
    /// Where its loader's name stands and how long it is; two zeros where it has none.
    loader: (usize, usize),
}

/// The one place that knows how the reader is called.
fn kind(file: &[u8]) -> Kind {
    let mut head = [0; HEAD_MAX];
    let size = file.len().min(HEAD_MAX);
    head[..size].copy_from_slice(&file[..size]);
    let found = diagnose(&head, size);
    let needed = (found.offset, found.size);
    let kind = match found.reason {
        Message::IsEmpty => Kind::Empty,
        Message::NoInterpreter | Message::CarriageReturn => {
            let name = &head[found.offset..][..found.size];
            assert_eq!(name.ends_with(b"\r"), found.reason == Message::CarriageReturn);
            return Kind::Script(name.to_vec());
        }
        Message::NoLoader => return Kind::Elf(Elf { machine: found.machine, loader: needed }),
        Message::IsNameless => Kind::Nameless,
        Message::IsDamaged => Kind::Damaged,
        Message::IsMachO => Kind::MachO,
        Message::IsPe => Kind::Pe,
        Message::IsText => Kind::Text,
        Message::IsUnknown => Kind::Unknown,
        other => panic!("{other:?} cannot be seen from the first bytes"),
    };
    assert_eq!((found.machine, needed), (Machine::OWN, (0, 0)), "{kind:?}");
    kind
}

/// How a header is written: its class and its byte order.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
struct Layout {
    wide: bool,
    big: bool,
}

const LAYOUTS: [Layout; 4] = [
    Layout { wide: false, big: false },
    Layout { wide: false, big: true },
    Layout { wide: true, big: false },
    Layout { wide: true, big: true },
];

/// The layout of this machine's own programs.
const OWN: Layout =
    Layout { wide: cfg!(target_pointer_width = "64"), big: cfg!(target_endian = "big") };

impl Layout {
    /// Writes a number of `size` bytes; an address has four or eight by the class.
    fn put(self, file: &mut [u8], at: usize, value: u64, size: usize) {
        for index in 0..size {
            let place = if self.big { size - 1 - index } else { index };
            file[at + place] = (value >> (8 * index)) as u8;
        }
    }

    fn address(self) -> usize {
        if self.wide { 8 } else { 4 }
    }

    fn header_size(self) -> usize {
        if self.wide { 64 } else { 52 }
    }

    fn entry_size(self) -> usize {
        if self.wide { 56 } else { 32 }
    }

    /// An ELF header that announces `count` program headers at `at`.
    fn header(self, machine: u16, at: u64, entry_size: u16, count: u16) -> Vec<u8> {
        let mut file = vec![0; self.header_size()];
        file[..4].copy_from_slice(b"\x7fELF");
        file[4] = if self.wide { 2 } else { 1 };
        file[5] = if self.big { 2 } else { 1 };
        file[6] = 1;
        self.put(&mut file, 16, 2, 2);
        self.put(&mut file, 18, machine.into(), 2);
        self.put(&mut file, 20, 1, 4);
        let (phoff, phentsize, phnum) = if self.wide { (32, 54, 56) } else { (28, 42, 44) };
        self.put(&mut file, phoff, at, self.address());
        self.put(&mut file, phentsize, entry_size.into(), 2);
        self.put(&mut file, phnum, count.into(), 2);
        file
    }

    /// A program header.
    fn entry(self, kind: u32, offset: u64, size: u64) -> Vec<u8> {
        let mut entry = vec![0; self.entry_size()];
        let (p_offset, p_filesz) = if self.wide { (8, 32) } else { (4, 16) };
        self.put(&mut entry, 0, kind.into(), 4);
        self.put(&mut entry, p_offset, offset, self.address());
        self.put(&mut entry, p_filesz, size, self.address());
        entry
    }

    /// A program as linkers write one: the header, its program headers right behind it.
    fn program(self, machine: u16, entries: &[(u32, u64, u64)]) -> Vec<u8> {
        let (at, size) = (self.header_size(), self.entry_size());
        let mut file = self.header(machine, at as u64, size as u16, entries.len() as u16);
        for (kind, offset, size) in entries {
            file.extend(self.entry(*kind, *offset, *size));
        }
        file
    }
}

const PT_LOAD: u32 = 1;
const PT_INTERP: u32 = 3;
const PT_PHDR: u32 = 6;

/// This machine's number, as the header of a program for it has it: of this very one.
fn own_number() -> u16 {
    static NUMBER: OnceLock<u16> = OnceLock::new();
    *NUMBER.get_or_init(|| {
        let mut header = [0; 20];
        File::open(env::current_exe().unwrap()).unwrap().read_exact(&mut header).unwrap();
        u16::from_ne_bytes([header[18], header[19]])
    })
}

fn elf(file: &[u8]) -> Elf {
    match kind(file) {
        Kind::Elf(elf) => elf,
        other => panic!("it is {other:?}"),
    }
}

fn loader(file: &[u8]) -> (usize, usize) {
    elf(file).loader
}

fn script(file: &[u8]) -> Vec<u8> {
    match kind(file) {
        Kind::Script(name) => name,
        other => panic!("it is {other:?}"),
    }
}

// ELF.

#[test]
fn the_loader_of_a_dynamically_linked_program_is_found() {
    let machine = own_number();
    let entries = [(PT_PHDR, 64, 448), (PT_INTERP, 0x318, 28), (PT_LOAD, 0, 0x628)];
    assert_eq!(loader(&OWN.program(machine, &entries)), (0x318, 28));
    assert_eq!(elf(&OWN.program(machine, &entries)).machine, Machine::OWN);
}

#[test]
fn the_loader_is_found_wherever_its_header_stands_in_the_table() {
    let machine = own_number();
    for place in 0..20 {
        let mut entries = vec![(PT_LOAD, 1, 2); 20];
        entries[place] = (PT_INTERP, 0x1234_5678, 33);
        assert_eq!(loader(&OWN.program(machine, &entries)), (0x1234_5678, 33), "{place}");
    }
}

#[test]
fn the_table_of_program_headers_may_stand_anywhere() {
    let size = OWN.entry_size();
    for at in [OWN.header_size(), 100, 1000, HEAD_MAX - 2 * size] {
        let mut file = OWN.header(own_number(), at as u64, size as u16, 2);
        file.resize(HEAD_MAX, 0xff);
        file[at..at + size].copy_from_slice(&OWN.entry(PT_LOAD, 1, 2));
        file[at + size..at + 2 * size].copy_from_slice(&OWN.entry(PT_INTERP, 77, 99));
        assert_eq!(loader(&file), (77, 99), "{at}");
    }
}

#[test]
fn a_static_program_has_no_loader() {
    let machine = own_number();
    assert_eq!(loader(&OWN.program(machine, &[(PT_LOAD, 0, 0x628), (PT_PHDR, 3, 4)])), (0, 0));
    assert_eq!(loader(&OWN.program(machine, &[])), (0, 0));
    // What stands behind the table is no header.
    let mut file = OWN.header(machine, OWN.header_size() as u64, OWN.entry_size() as u16, 1);
    file.extend(OWN.entry(PT_LOAD, 1, 2));
    file.extend(OWN.entry(PT_INTERP, 1, 2));
    assert_eq!(loader(&file), (0, 0));
}

/// Kernels run programs of the other class as well (i386 on x86_64), so these need a loader, too.
#[test]
fn the_loader_is_found_in_a_program_of_either_class() {
    for layout in LAYOUTS {
        for number in [3, 8, 40, 62] {
            let entries = [(PT_PHDR, 64, 448), (PT_INTERP, 0x1_0318, 28), (PT_LOAD, 0, 0x628)];
            let expected = if layout.big == OWN.big { (0x1_0318, 28) } else { (0, 0) };
            assert_eq!(loader(&layout.program(number, &entries)), expected, "{layout:?}");
        }
    }
}

#[test]
fn the_largest_numbers_that_32_bits_can_hold_are_read_as_they_are() {
    let most = u32::MAX as usize;
    let file = OWN.program(own_number(), &[(PT_INTERP, most as u64, most as u64 - 1)]);
    assert_eq!(loader(&file), (most, most - 1));
}

#[test]
fn every_machine_linux_runs_on_has_its_usual_name() {
    let little = |wide| Layout { wide, big: false };
    let big = |wide| Layout { wide, big: true };
    let table = [
        (62, little(true), "x86_64"),
        (62, little(false), "x32"),
        (3, little(false), "i386"),
        (183, little(true), "aarch64"),
        (183, big(true), "aarch64_be"),
        (40, little(false), "arm"),
        (40, big(false), "armeb"),
        (243, little(true), "riscv64"),
        (243, little(false), "riscv32"),
        (21, little(true), "ppc64le"),
        (21, big(true), "ppc64"),
        (20, big(false), "ppc"),
        (22, big(true), "s390x"),
        (22, big(false), "s390"),
        (258, little(true), "loongarch64"),
        (8, big(false), "mips"),
        (8, little(false), "mipsel"),
        (8, big(true), "mips64"),
        (8, little(true), "mips64el"),
        (43, big(true), "sparc64"),
        (2, big(false), "sparc"),
        (18, big(false), "sparc"),
        (4, big(false), "m68k"),
        (15, big(false), "hppa"),
        (42, little(false), "sh4"),
        (195, little(false), "arc"),
        (50, little(true), "ia64"),
        (0x9026, little(true), "alpha"),
    ];
    for (number, layout, expected) in table {
        let file = layout.program(number, &[(PT_INTERP, 52, 20)]);
        let name = elf(&file).machine.name();
        assert_eq!(String::from_utf8_lossy(name), expected);
        assert_eq!(elf(&file).machine == Machine::OWN, number == own_number() && layout == OWN);
    }
}

#[test]
fn every_machine_number_has_some_name_to_be_put_into_a_message() {
    for layout in some(LAYOUTS.into_iter()) {
        for number in some((0..0x1100).chain(0x9000..0x9100)).chain([u16::MAX]) {
            let elf = elf(&layout.program(number, &[]));
            let name = elf.machine.name();
            assert!(!name.is_empty() && name.iter().all(|byte| matches!(byte, b' '..=b'~')));
        }
    }
}

#[test]
fn a_header_cut_off_at_any_length_is_damaged_or_read_as_far_as_it_goes() {
    for layout in LAYOUTS {
        for machine in [own_number(), 8] {
            let entries = [(PT_LOAD, 0, 9), (PT_INTERP, 200, 28), (PT_LOAD, 0, 9)];
            let whole = layout.program(machine, &entries);
            let table = layout.header_size();
            let entry = table + layout.entry_size();
            for len in some(4..=whole.len()) {
                match kind(&whole[..len]) {
                    Kind::Damaged => assert!(len < table, "{layout:?} {len}"),
                    Kind::Elf(elf) => {
                        assert!(len >= 20);
                        let is_own = layout == OWN && machine == own_number();
                        assert_eq!(elf.machine == Machine::OWN, is_own);
                        if len < entry || layout.big != OWN.big {
                            assert_eq!(elf.loader, (0, 0), "{layout:?} {len}");
                        } else if len >= entry + layout.entry_size() {
                            assert_eq!(elf.loader, (200, 28), "{layout:?} {len}");
                        }
                    }
                    other => panic!("{layout:?} {len}: {other:?}"),
                }
            }
        }
    }
}

#[test]
fn a_magic_number_alone_is_a_damaged_program() {
    for len in 4..20 {
        let mut file = [0; 20];
        file[..4].copy_from_slice(b"\x7fELF");
        assert_eq!(kind(&file[..len]), Kind::Damaged);
    }
}

#[test]
fn hostile_numbers_in_a_header_are_harmless() {
    let hostile = [
        0,
        1,
        3,
        4,
        51,
        52,
        63,
        64,
        0xfff,
        0x1000,
        0x7fff_ffff,
        0x8000_0000,
        0xffff_fffc,
        0xffff_ffff,
        0x1_0000_0000,
        0x7fff_ffff_ffff_ffff,
        0x8000_0000_0000_0000,
        0xffff_ffff_ffff_fff0,
        u64::MAX,
    ];
    for layout in LAYOUTS {
        for at in some(hostile.into_iter()) {
            for entry_size in [0, 1, 3, 31, 32, 33, 55, 56, 57, 0x7fff, 0xffff] {
                for count in [0, 1, 2, if cfg!(miri) { 3 } else { 0xffff }] {
                    let mut file = layout.header(own_number(), at, entry_size, count);
                    file.extend(layout.entry(PT_INTERP, at, at));
                    file.resize(256, 3);
                    assert!(matches!(kind(&file), Kind::Elf(_) | Kind::Damaged));
                }
            }
        }
    }
}

#[test]
fn every_byte_of_a_header_may_be_anything() {
    for layout in LAYOUTS {
        let whole = layout.program(own_number(), &[(PT_LOAD, 0, 9), (PT_INTERP, 200, 28)]);
        for place in some(4..whole.len()) {
            for byte in some(0..=255) {
                let mut file = whole.clone();
                file[place] = byte;
                assert!(matches!(kind(&file), Kind::Elf(_) | Kind::Damaged));
            }
        }
    }
}

#[test]
#[cfg_attr(miri, ignore = "it reads a real file")]
fn a_real_program_is_read_as_the_one_it_is() {
    let file = fs::read(env::current_exe().unwrap()).unwrap();
    let elf = elf(&file[..HEAD_MAX]);
    assert_eq!(elf.machine, Machine::OWN);
    if cfg!(target_env = "gnu") {
        let (offset, size) = elf.loader;
        let name = &file[offset..offset + size];
        let name = std::ffi::CStr::from_bytes_with_nul(name).unwrap().to_str().unwrap();
        assert!(std::path::Path::new(name).exists(), "{name}");
    }
}

// Scripts.

#[test]
fn the_interpreter_of_a_script_is_read_as_the_kernel_reads_it() {
    let table: [(&[u8], &[u8]); 14] = [
        (b"#!/bin/sh\n", b"/bin/sh"),
        (b"#!/bin/sh", b"/bin/sh"),
        (b"#! /bin/sh\n", b"/bin/sh"),
        (b"#! \t \t/bin/sh\n", b"/bin/sh"),
        (b"#!/bin/sh -e\n", b"/bin/sh"),
        (b"#!/bin/sh\t-e\n", b"/bin/sh"),
        (b"#!/bin/sh  \n", b"/bin/sh"),
        (b"#!/usr/bin/env python3 -u\nimport os\n", b"/usr/bin/env"),
        (b"#!/bin/sh\n#!/bin/other\n", b"/bin/sh"),
        (b"#!python3\n", b"python3"),
        (b"#!/bin/sh\0/x\n", b"/bin/sh"),
        (b"#!/bin/\xff\xfe\n", b"/bin/\xff\xfe"),
        (b"#!#!\n", b"#!"),
        (b"#!/\n", b"/"),
    ];
    for (file, expected) in table {
        assert_eq!(script(file), expected, "{}", file.escape_ascii());
    }
}

#[test]
fn a_carriage_return_belongs_to_the_interpreters_name() {
    assert_eq!(script(b"#!/bin/sh\r\necho hello\r\n"), b"/bin/sh\r");
    assert_eq!(script(b"#!/bin/sh\r"), b"/bin/sh\r");
    // It has an argument that ends so: the interpreter is another matter.
    assert_eq!(script(b"#!/bin/sh -e\r\n"), b"/bin/sh");
}

#[test]
fn a_first_line_without_an_interpreter_names_none() {
    for file in [&b"#!"[..], b"#!\n", b"#!  \n", b"#! \t", b"#!\0", b"#!\n/bin/sh\n"] {
        assert_eq!(kind(file), Kind::Nameless, "{}", file.escape_ascii());
    }
}

/// The kernel looks at 256 bytes (`BINPRM_BUF_SIZE`), and takes no name that may go on behind them.
#[test]
fn an_interpreters_name_is_read_no_further_than_the_kernel_does() {
    for end in [&b"\necho\n"[..], b" -e\n", b"\t", b"", b"\0"] {
        for len in some(1..400) {
            let mut file = b"#!/".to_vec();
            file.resize(2 + len, b'x');
            file.extend(end);
            let expected = match len {
                ..=253 => Kind::Script(file[2..2 + len].to_vec()),
                _ => Kind::Nameless,
            };
            assert_eq!(kind(&file), expected, "{len}");
        }
    }
    let blanks = [b"#!", &[b' '; 300][..], b"/bin/sh\n"].concat();
    assert_eq!(kind(&blanks), Kind::Nameless);
}

// All others.

#[test]
fn an_empty_file_is_empty() {
    assert_eq!(kind(b""), Kind::Empty);
}

#[test]
fn programs_for_other_systems_are_known_by_their_magic_numbers() {
    let apple: [[u8; 4]; 5] = [
        [0xfe, 0xed, 0xfa, 0xce],
        [0xfe, 0xed, 0xfa, 0xcf],
        [0xce, 0xfa, 0xed, 0xfe],
        [0xcf, 0xfa, 0xed, 0xfe],
        [0xca, 0xfe, 0xba, 0xbe],
    ];
    for magic in apple {
        assert_eq!(kind(&magic), Kind::MachO, "{magic:x?}");
        assert_eq!(kind(&[&magic[..], &[0; 60]].concat()), Kind::MachO, "{magic:x?}");
        assert_ne!(kind(&magic[..3]), Kind::MachO, "{magic:x?}");
    }
    assert_eq!(kind(b"MZ\x90\0\x03\0\0\0"), Kind::Pe);
}

#[test]
fn text_is_told_from_binary() {
    for text in
        [&b"echo hello\n"[..], b"#", b"# a comment\n", b" #!/bin/sh\n", b"caf\xc3\xa9\n", b"\x7fEL"]
    {
        assert_eq!(kind(text), Kind::Text, "{}", text.escape_ascii());
    }
    for binary in [&b"\0"[..], b"\x7fEL\0", b"text\0text", b"\x1f\x8b\x08\0"] {
        assert_eq!(kind(binary), Kind::Unknown, "{}", binary.escape_ascii());
    }
}

/// Whatever is found lies within what was given.
fn holds(file: &[u8]) {
    match kind(file) {
        Kind::Empty => assert!(file.is_empty()),
        Kind::Script(name) => {
            assert!(file.starts_with(b"#!"));
            assert!(matches!(name.len(), 1..=253));
            assert!(file[2..].windows(name.len()).any(|it| it == name));
            assert!(!name.iter().any(|byte| matches!(byte, b' ' | b'\t' | b'\n' | 0)));
        }
        Kind::Nameless => assert!(file.starts_with(b"#!")),
        Kind::Elf(_) | Kind::Damaged => assert!(file.starts_with(b"\x7fELF")),
        Kind::Text => assert!(!file.contains(&0)),
        Kind::MachO | Kind::Pe | Kind::Unknown => {}
    }
}

#[test]
#[cfg_attr(miri, ignore = "too many for an interpreter")]
fn every_short_file_is_something() {
    let mut files = vec![Vec::new()];
    for byte in 0..=255 {
        files.push(vec![byte]);
        files.extend((0..=255).map(|next| vec![byte, next]));
    }
    for file in &files {
        holds(file);
        holds(&[b"#!", &file[..]].concat());
        holds(&[b"\x7fELF", &file[..]].concat());
        holds(&[b"\xfe\xed", &file[..]].concat());
    }
}
