//! Gives the program its memory layout, and the commit that `--version` prints.
//!
//! The flags are for the program alone (`rustc-link-arg-bins`): in `.cargo/config.toml` they would
//! hit build scripts and tests as well, and an exported `RUSTFLAGS` would silently replace them.

use std::{env, fs, process::Command};

/// How the program that is shipped is linked, besides the linker script.
const SHIPPED: [&str; 6] = [
    // Position independent, although nothing relocates it: said once more for the targets whose
    // compiler would leave it out.
    "-pie",
    // The kernel starts it without ld.so.
    "--no-dynamic-linker",
    // Bytes that nobody reads.
    "--build-id=none",
    "--gc-sections",
    // One segment has nothing to protect after relocation.
    "-znorelro",
    // What is never mapped is not written either.
    "-znosectionheader",
];

fn main() {
    let folder = env::var("CARGO_MANIFEST_DIR").unwrap_or_default();
    let target = env::var("TARGET").unwrap_or_default();
    let architecture = env::var("CARGO_CFG_TARGET_ARCH").unwrap_or_default();
    let script = format!("{folder}/linker/rinit.ld");
    println!("cargo::rerun-if-changed={script}");

    // rust-lld as the linker itself takes its flags bare; a C compiler in front of it does not.
    // Releases name it among the flags: as cargo's linker for the host's own triple it would link
    // build scripts too, which need a C compiler.
    let bare = ["RUSTC_LINKER", "CARGO_ENCODED_RUSTFLAGS"].iter().any(|variable| {
        env::var(variable).is_ok_and(|flags| flags.split('\x1f').any(|flag| flag.ends_with("lld")))
    });
    let is_shipped = env::var("PROFILE").as_deref() == Ok("release");
    let mut flags: Vec<String> = Vec::new();
    if is_shipped {
        // The smallest page that a kernel for it has.
        let page_size = if architecture == "powerpc64" { 65536 } else { 4096 };
        flags.push(format!("--defsym=page_size={page_size}"));
        flags.push(format!("-T{script}"));
        flags.extend(SHIPPED.map(Into::into));
    } else {
        // `cargo test` links this as well. Unoptimised code has writable and relocated data; linked
        // to a fixed address it works without a loader.
        flags.extend(["--defsym=rust_eh_personality=0", "--no-pie"].map(Into::into));
    }
    if !bare {
        let kind = if is_shipped { "-static-pie" } else { "-static" };
        for flag in ["-nostartfiles", "-nostdlib", kind] {
            println!("cargo::rustc-link-arg-bins={flag}");
        }
        if !is_shipped {
            println!("cargo::rustc-link-arg-bins=-no-pie");
        }
        if let Some(format) = format_of_lld(&architecture) {
            println!("cargo::rustc-link-arg-bins=-B{}", folder_of_lld());
            println!("cargo::rustc-link-arg-bins=-fuse-ld=lld");
            flags.push(format!("-m{format}"));
        }
    }
    for flag in flags {
        let prefix = if bare { "" } else { "-Wl," };
        println!("cargo::rustc-link-arg-bins={prefix}{flag}");
    }

    // As Cargo.toml has it.
    println!("cargo::rustc-check-cfg=cfg(without_rustix)");
    if matches!(&*architecture, "x86" | "powerpc64" | "s390x" | "loongarch64") {
        println!("cargo::rustc-cfg=without_rustix");
    }
    println!("cargo::rustc-env=RINIT_TARGET={target}");
    println!("cargo::rustc-env=RINIT_COMMIT={}", commit(&folder));
}

/// What lld is to be told to write, where it does not link for this architecture anyway: the C
/// compiler in front of it is that of the machine that builds, whatever it builds for, and asks for
/// that machine's format; the last that is asked for counts.
fn format_of_lld(architecture: &str) -> Option<&'static str> {
    Some(match architecture {
        "aarch64" => "aarch64linux",
        "arm" => "armelf_linux_eabi",
        "loongarch64" => "elf64loongarch",
        "powerpc64" => "elf64lppc",
        "riscv64" => "elf64lriscv",
        "s390x" => "elf64_s390",
        "x86" => "elf_i386",
        _ => return None,
    })
}

/// Where the toolchain keeps its own lld, for the C compiler to find. Where it brings none, the
/// machine's is taken.
fn folder_of_lld() -> String {
    let rustc = env::var("RUSTC").unwrap_or_default();
    let host = env::var("HOST").unwrap_or_default();
    let output = Command::new(rustc).args(["--print", "sysroot"]).output();
    let root = output.map(|it| String::from_utf8_lossy(&it.stdout).into_owned());
    format!("{}/lib/rustlib/{host}/bin/gcc-ld", root.unwrap_or_default().trim_end())
}

/// The commit this is built from, shortened to seven digits: from the variable `RINIT_COMMIT`,
/// from the record that `cargo package` leaves, or from git; `unknown` where none of them knows.
fn commit(folder: &str) -> String {
    println!("cargo::rerun-if-env-changed=RINIT_COMMIT");
    let packaged = || {
        let record = format!("{folder}/.cargo_vcs_info.json");
        watch(&record);
        Some(fs::read_to_string(record).ok()?.split_once("\"sha1\": \"")?.1.to_owned())
    };
    let known = env::var("RINIT_COMMIT").ok().or_else(packaged).or_else(|| checked_out(folder));
    let hash: String =
        known.unwrap_or_default().chars().take_while(char::is_ascii_hexdigit).take(7).collect();
    if hash.is_empty() { "unknown".into() } else { hash }
}

/// The commit that git has checked out in the folder. Not the one of a repository around it, into
/// which the source was copied.
fn checked_out(folder: &str) -> Option<String> {
    let git = |words: &[&str]| {
        let output = Command::new("git").args(["-C", folder, "rev-parse"]).args(words).output();
        let output = output.ok().filter(|output| output.status.success())?;
        Some(String::from_utf8_lossy(&output.stdout).trim_end().to_owned())
    };
    if !git(&["--show-prefix"])?.is_empty() {
        return None;
    }
    // They are elsewhere in a second worktree, whose .git is a file.
    for name in ["HEAD", "logs/HEAD"] {
        watch(&git(&["--path-format=absolute", "--git-path", name])?);
    }
    git(&["HEAD"])
}

/// Has this run again when the file changes. Only if it is there: for one that is not, cargo would
/// run this, and build everything, each time.
fn watch(path: &str) {
    if fs::exists(path).unwrap_or_default() {
        println!("cargo::rerun-if-changed={path}");
    }
}
