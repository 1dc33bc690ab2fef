//! Programs as others made them, in an image that lacks what they need: what Debian's packages for
//! other machines hold, and what compilers make.
//!
//! What is missing here is skipped: `apt-get install runc musl-tools` and the packages named below.

mod common;

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use rinit::diagnose::{HEAD_MAX, diagnose};
use rinit::message::Message;

use common::{Folder, Init, Outcome, scratch, skip, tool, within};

/// What this machine is called.
const OWN: &str = match std::env::consts::ARCH.as_bytes() {
    b"powerpc64" => "ppc64le",
    _ => std::env::consts::ARCH,
};

/// What rinit says of this program as the only one in its image but `/init`.
fn alone(program: &Path) -> Outcome {
    let root = scratch();
    root.copy("app", program);
    within(Init::new(["/app"]).pid_1(), &root).finish()
}

#[track_caller]
fn assert_said(outcome: &Outcome, why: &str) {
    assert_eq!(outcome.errors(), format!("rinit: cannot run /app: {why}\n"), "{outcome:?}");
    assert_eq!((outcome.code(), outcome.text().as_str()), (Some(126), ""), "{outcome:?}");
}

fn needs(loader: &str) -> String {
    format!("it is dynamically linked and needs {loader}, which is not in this image")
}

fn built_for(name: &str) -> String {
    format!("it is built for {name}, this machine is {OWN}")
}

// Debian's packages for other machines.

/// Package, its C library, which is a program as well, and the usual name of the machine.
const PACKAGES: [(&str, &str, &str); 22] = [
    ("libc6.1-alpha-cross", "alpha-linux-gnu/lib/libc.so.6.1", "alpha"),
    ("libc6-arc-cross", "arc-linux-gnu/lib/libc.so.6", "arc"),
    ("libc6-arm64-cross", "aarch64-linux-gnu/lib/libc.so.6", "aarch64"),
    ("libc6-armel-cross", "arm-linux-gnueabi/lib/libc.so.6", "arm"),
    ("libc6-armhf-cross", "arm-linux-gnueabihf/lib/libc.so.6", "arm"),
    ("libc6-hppa-cross", "hppa-linux-gnu/lib/libc.so.6", "hppa"),
    ("libc6-i386-cross", "i686-linux-gnu/lib/libc.so.6", "i386"),
    ("libc6-m68k-cross", "m68k-linux-gnu/lib/libc.so.6", "m68k"),
    ("libc6-mips-cross", "mips-linux-gnu/lib/libc.so.6", "mips"),
    ("libc6-mips64-cross", "mips64-linux-gnuabi64/lib/libc.so.6", "mips64"),
    ("libc6-mips64el-cross", "mips64el-linux-gnuabi64/lib/libc.so.6", "mips64el"),
    ("libc6-mipsel-cross", "mipsel-linux-gnu/lib/libc.so.6", "mipsel"),
    ("libc6-powerpc-cross", "powerpc-linux-gnu/lib/libc.so.6", "ppc"),
    ("libc6-ppc64-cross", "powerpc64-linux-gnu/lib/libc.so.6", "ppc64"),
    ("libc6-ppc64el-cross", "powerpc64le-linux-gnu/lib/libc.so.6", "ppc64le"),
    ("libc6-riscv64-cross", "riscv64-linux-gnu/lib/libc.so.6", "riscv64"),
    ("libc6-s390-s390x-cross", "s390x-linux-gnu/lib32/libc.so.6", "s390"),
    ("libc6-s390x-cross", "s390x-linux-gnu/lib/libc.so.6", "s390x"),
    ("libc6-sh4-cross", "sh4-linux-gnu/lib/libc.so.6", "sh4"),
    ("libc6-sparc-sparc64-cross", "sparc64-linux-gnu/lib32/libc.so.6", "sparc"),
    ("libc6-sparc64-cross", "sparc64-linux-gnu/lib/libc.so.6", "sparc64"),
    ("libc6-x32-cross", "x86_64-linux-gnux32/lib/libc.so.6", "x32"),
];

/// Those of 32 bits that the kernel of this machine may run: then it is the loader that is missing.
fn loader_here(name: &str) -> Option<&'static str> {
    match (OWN, name) {
        ("x86_64", "i386") => Some("/lib/ld-linux.so.2"),
        ("x86_64", "x32") => Some("/libx32/ld-linux-x32.so.2"),
        ("aarch64", "arm") => Some("/lib/ld-linux"),
        _ => None,
    }
}

#[test]
fn programs_of_debians_packages_for_other_machines_are_called_by_their_usual_names() {
    let mut missing = Vec::new();
    for (package, path, name) in PACKAGES {
        let program = Path::new("/usr").join(path);
        if name == OWN {
            continue;
        }
        if !program.exists() {
            missing.push(package);
            continue;
        }
        let outcome = alone(&program);
        let loader_is_told = loader_here(name).is_some_and(|loader| {
            let start = needs(loader);
            outcome.errors().contains(start.split(',').next().unwrap())
        });
        if !loader_is_told {
            assert_said(&outcome, &built_for(name));
        }
        assert_eq!(outcome.code(), Some(126), "{outcome:?}");
    }
    if !missing.is_empty() {
        skip(&format!("some files are missing (apt-get install {})", missing.join(" ")));
    }
}

/// A program of this machine in an image whose libraries are another's: a `COPY --from` of the wrong
/// platform.
#[test]
#[cfg(target_arch = "x86_64")]
fn a_loader_of_another_machine_is_named_with_both() {
    let places = [
        (
            "aarch64",
            "aarch64-linux-gnu/lib/ld-linux-aarch64.so.1",
            "apt-get install libc6-arm64-cross",
        ),
        ("i386", "i686-linux-gnu/lib/ld-linux.so.2", "apt-get install libc6-i386-cross"),
        ("s390x", "s390x-linux-gnu/lib/ld64.so.1", "apt-get install libc6-s390x-cross"),
    ];
    for (name, path, how) in places {
        let loader = Path::new("/usr").join(path);
        if !loader.exists() {
            skip(&format!("there is no {} ({how})", loader.display()));
            continue;
        }
        let root = scratch();
        root.copy("app", Path::new("/bin/true"));
        root.copy("lib64/ld-linux-x86-64.so.2", &loader);
        let outcome = within(Init::new(["/app"]).pid_1(), &root).finish();
        let why = format!("it needs /lib64/ld-linux-x86-64.so.2: {}", built_for(name));
        assert_said(&outcome, &why);
    }
}

// What compilers make.

/// Compiles a program that exits with 3, with these words; false, and the test is skipped, where the
/// compiler cannot do that here.
fn compile(compiler: &Path, source: &str, text: &str, words: &[&str], program: &Path) -> bool {
    let folder = Folder::new();
    let source = folder.file(source, text, 0o644);
    let output = Command::new(compiler)
        .args(words)
        .args([OsStr::new("-o"), program.as_os_str(), source.as_os_str()])
        .output()
        .unwrap();
    if !output.status.success() {
        let reason = String::from_utf8_lossy(&output.stderr).into_owned();
        let line = reason.lines().next().unwrap_or_default().to_owned();
        skip(&format!("{} {words:?} does not work here: {line}", compiler.display()));
    }
    output.status.success()
}

const IN_C: &str = "int main(void) { return 3; }\n";

#[cfg(all(target_arch = "x86_64", target_env = "gnu"))]
const LOADER: &str = "/lib64/ld-linux-x86-64.so.2";

#[test]
#[cfg(all(target_arch = "x86_64", target_env = "gnu"))]
fn what_gcc_links_dynamically_names_its_loader_and_what_it_links_statically_runs() {
    let Some(gcc) = tool("gcc", "apt-get install gcc libc6-dev") else { return };
    let folder = Folder::new();
    let program = folder.join("app");
    let dynamic: [&[&str]; 5] = [
        &["-pie", "-fPIE"],
        &["-no-pie"],
        &["-g", "-O2"],
        // Other places of the headers and of the name.
        &["-no-pie", "-Wl,-z,separate-code", "-Wl,-z,max-page-size=65536"],
        &["-pie", "-fPIE", "-Wl,-z,noseparate-code", "-Wl,--hash-style=sysv", "-s"],
    ];
    for words in dynamic {
        if compile(&gcc, "app.c", IN_C, words, &program) {
            assert_said(&alone(&program), &needs(LOADER));
        }
    }
    for words in [&["-static"][..], &["-static-pie"]] {
        if compile(&gcc, "app.c", IN_C, words, &program) {
            alone(&program).assert_quiet(3);
        }
    }
    let other = "/nix/store/a-very-long-name-of-a-folder/lib/ld-linux-x86-64.so.2";
    let words = [&format!("-Wl,--dynamic-linker={other}")[..]];
    if compile(&gcc, "app.c", IN_C, &words, &program) {
        assert_said(&alone(&program), &needs(other));
    }
}

/// Without the 32-bit C library, which needs more packages.
#[test]
#[cfg(target_arch = "x86_64")]
fn a_32_bit_program_on_a_64_bit_kernel_names_its_loader() {
    let Some(gcc) = tool("gcc", "apt-get install gcc libc6-dev") else { return };
    let folder = Folder::new();
    let program = folder.join("app");
    let text = "void _start(void) { __asm__(\"int $0x80\" :: \"a\"(1), \"b\"(3)); }\n";
    let common = ["-m32", "-nostdlib", "-ffreestanding"];
    if !compile(&gcc, "app.c", text, &[&common[..], &["-static"]].concat(), &program) {
        return;
    }
    let outcome = alone(&program);
    let runs = outcome.code() == Some(3);
    if !runs {
        // A kernel without CONFIG_IA32_EMULATION.
        assert_said(&outcome, &built_for("i386"));
    }
    let dynamic = ["-pie", "-fPIE", "-Wl,--dynamic-linker=/lib/ld-linux.so.2"];
    if compile(&gcc, "app.c", text, &[&common[..], &dynamic].concat(), &program) {
        let why = if runs { needs("/lib/ld-linux.so.2") } else { built_for("i386") };
        assert_said(&alone(&program), &why);
    }
}

#[test]
#[cfg(target_arch = "x86_64")]
fn what_is_linked_to_musl_names_musls_loader() {
    let Some(gcc) = tool("musl-gcc", "apt-get install gcc musl-tools") else { return };
    let folder = Folder::new();
    let program = folder.join("app");
    if compile(&gcc, "app.c", IN_C, &[], &program) {
        assert_said(&alone(&program), &needs("/lib/ld-musl-x86_64.so.1"));
    }
    if compile(&gcc, "app.c", IN_C, &["-static"], &program) {
        alone(&program).assert_quiet(3);
    }
}

#[test]
#[cfg(all(target_arch = "x86_64", target_env = "gnu"))]
fn what_rust_links_dynamically_names_its_loader_and_what_it_links_statically_runs() {
    // The compiler beside the cargo that runs the tests.
    let rustc = Path::new(env!("CARGO")).with_file_name("rustc");
    let folder = Folder::new();
    let program = folder.join("app");
    let text = "fn main() { std::process::exit(3) }\n";
    if compile(&rustc, "app.rs", text, &["-O"], &program) {
        assert_said(&alone(&program), &needs(LOADER));
    }
    for model in ["static", "pie"] {
        let words = ["-O", "-Ctarget-feature=+crt-static", &format!("-Crelocation-model={model}")];
        if compile(&rustc, "app.rs", text, &words, &program) {
            alone(&program).assert_quiet(3);
        }
    }
}

/// Debian's are linked by the C compiler, without and with position independence; others may be
/// static, and run.
#[test]
#[cfg(all(target_arch = "x86_64", target_env = "gnu"))]
fn what_go_links_dynamically_names_its_loader() {
    for (path, how) in [("/usr/sbin/runc", "runc"), ("/usr/bin/podman", "podman")] {
        if Path::new(path).exists() {
            assert_said(&alone(Path::new(path)), &needs(LOADER));
        } else {
            skip(&format!("there is no {path} (apt-get install {how})"));
        }
    }
}

// What everybody has.

/// Every program and library in these folders, and below them.
fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let Ok(kind) = entry.file_type() else { continue };
        if kind.is_dir() {
            files(&entry.path(), found);
        } else if kind.is_file() {
            found.push(entry.path());
        }
    }
}

/// The first bytes of a file, zeros behind them, and how many there are.
fn head(path: &Path) -> ([u8; HEAD_MAX], usize) {
    let mut head = [0; HEAD_MAX];
    let mut size = 0;
    if let Ok(mut file) = File::open(path) {
        while let Ok(count @ 1..) = file.read(&mut head[size..]) {
            size += count;
        }
    }
    (head, size)
}

/// The loader that a file names, as it is read from its first bytes.
fn loader(path: &Path) -> String {
    let (head, size) = head(path);
    let found = diagnose(&head, size);
    let mut name = vec![0; found.size];
    File::open(path).unwrap().read_exact_at(&mut name, found.offset as u64).unwrap();
    String::from_utf8(name).unwrap().trim_end_matches('\0').to_owned()
}

#[test]
fn every_program_of_this_system_is_read_as_readelf_reads_it() {
    let Some(readelf) = tool("readelf", "apt-get install binutils") else { return };
    let mut all = Vec::new();
    for folder in ["/usr/bin", "/usr/sbin", "/usr/lib", "/usr/libexec"] {
        files(Path::new(folder), &mut all);
    }
    for (_, path, _) in PACKAGES {
        files(Path::new("/usr").join(path).parent().unwrap(), &mut all);
    }
    // Of another byte order, or no ELF file.
    let order = if cfg!(target_endian = "big") { 2 } else { 1 };
    all.retain(|path| {
        let (head, _) = head(path);
        head.starts_with(b"\x7fELF") && head[5] == order
    });
    all.truncate(3000);
    let mut with_loader = 0;
    for part in all.chunks(100) {
        let output = Command::new(&readelf).arg("-lW").args(part).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        // A line for the name of each file where there are several.
        for (path, text) in part.iter().zip(text.split("\nFile: ").skip(1)) {
            let interpreter = text.split_once("program interpreter: ").map(|it| it.1);
            let expected = interpreter.and_then(|it| it.split_once(']')).map_or("", |it| it.0);
            assert!(text.starts_with(path.to_str().unwrap()), "{text}");
            assert_eq!(loader(path), expected, "{}", path.display());
            with_loader += usize::from(!expected.is_empty());
        }
    }
    assert!(with_loader > 20, "{with_loader} of {} files name a loader", all.len());
}

/// What starts with `#!`, by the words of its first line.
#[test]
fn every_script_of_this_system_is_read_as_its_first_line_says() {
    let mut all = Vec::new();
    files(Path::new("/usr/bin"), &mut all);
    files(Path::new("/usr/sbin"), &mut all);
    let mut scripts = 0;
    for path in all {
        let (head, size) = head(&path);
        let text = String::from_utf8_lossy(&head[..size]).into_owned();
        let Some((line, _)) = text.strip_prefix("#!").and_then(|it| it.split_once('\n')) else {
            continue;
        };
        let expected = line.split_whitespace().next().unwrap();
        assert_eq!(diagnose(&head, size).reason, Message::NoInterpreter, "{}", path.display());
        assert_eq!(loader(&path), expected, "{}", path.display());
        scripts += 1;
    }
    assert!(scripts > 10, "{scripts} scripts");
}
