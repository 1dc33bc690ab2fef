//! Why a program cannot be executed, said in the user's terms: real files, the shipped program.

mod common;

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A folder of its own for a test, removed with it.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path =
            std::env::temp_dir().join(format!("rinit-explain-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// A file of this content and mode; its path.
    fn file(&self, name: &str, content: &[u8], mode: u32) -> String {
        let path = self.0.join(name);
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        path.to_str().unwrap().to_owned()
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn rinit(words: &[&str]) -> Output {
    Command::new(common::rinit()).args(words).output().unwrap()
}

/// What rinit says of a program, and its exit code.
fn said(program: &str) -> (String, i32) {
    let output = rinit(&[program]);
    (String::from_utf8(output.stderr).unwrap(), output.status.code().unwrap())
}

#[track_caller]
fn assert_says(program: &str, parts: &[&str], code: i32) {
    let (text, left_with) = said(program);
    assert!(text.starts_with(&format!("rinit: cannot run {program}: ")), "{text}");
    for part in parts {
        assert!(text.contains(part), "{part:?} in {text:?}");
    }
    assert_eq!(text.lines().count(), 1, "{text}");
    assert_eq!(left_with, code, "{text}");
}

/// This machine's own dynamically linked program, with another loader's name in it.
fn with_loader(loader: &str) -> Vec<u8> {
    let mut program = fs::read("/bin/true").unwrap();
    let old = b"/lib64/ld-linux-x86-64.so.2\0";
    let place = program.windows(old.len()).position(|it| it == old).expect("a dynamic program");
    let mut name = loader.as_bytes().to_vec();
    assert!(name.len() < old.len());
    name.resize(old.len(), 0);
    program[place..place + old.len()].copy_from_slice(&name);
    program
}

/// The header of an ELF program: class (1 or 2), byte order (1 or 2) and machine.
fn header(class: u8, order: u8, machine: u16) -> Vec<u8> {
    let mut file = vec![0; 4096];
    file[..7].copy_from_slice(&[0x7f, b'E', b'L', b'F', class, order, 1]);
    let number = |value: u16| if order == 1 { value.to_le_bytes() } else { value.to_be_bytes() };
    file[16..18].copy_from_slice(&number(2));
    file[18..20].copy_from_slice(&number(machine));
    file
}

#[test]
#[cfg(target_arch = "x86_64")]
fn a_loader_that_is_not_in_the_image_is_named() {
    let folder = Folder::new("loader");
    let app = folder.file("app", &with_loader("/lib/ld-missing.so.1"), 0o755);
    assert_says(&app, &["dynamically linked", "/lib/ld-missing.so.1", "not in this image"], 126);
}

#[test]
fn an_interpreter_that_is_not_there_is_named_and_crlf_is_its_usual_reason() {
    let folder = Folder::new("script");
    let plain = folder.file("plain", b"#!/no/such/interpreter -x\n", 0o755);
    assert_says(&plain, &["/no/such/interpreter", "not in this image"], 126);
    let crlf = folder.file("crlf", b"#!/bin/sh\r\necho\r\n", 0o755);
    assert_says(&crlf, &["CR"], 126);
    let outer = folder.file("outer", format!("#!{plain}\n").as_bytes(), 0o755);
    assert_says(&outer, &[&plain, "/no/such/interpreter"], 126);
}

#[test]
fn a_program_for_another_machine_is_named_with_this_one() {
    let folder = Folder::new("machine");
    let own = std::env::consts::ARCH;
    for (class, order, machine, name) in [
        (2, 1, 183, "aarch64"),
        (1, 1, 40, "arm"),
        (2, 1, 243, "riscv64"),
        (2, 1, 21, "ppc64le"),
        (2, 2, 21, "ppc64"),
        (2, 2, 22, "s390x"),
        (2, 1, 258, "loongarch64"),
        (1, 2, 8, "mips"),
        (1, 1, 8, "mipsel"),
        (2, 1, 62, "x86_64"),
    ] {
        if name == own {
            continue;
        }
        let app = folder.file("app", &header(class, order, machine), 0o755);
        assert_says(&app, &[&format!("built for {name}"), own], 126);
    }
    let windows = folder.file("app.exe", b"MZ\x90\0\x03", 0o755);
    assert_says(&windows, &["Windows"], 126);
    let mac = folder.file("mac", &[0xcf, 0xfa, 0xed, 0xfe, 7, 0, 0, 1], 0o755);
    assert_says(&mac, &["macOS"], 126);
}

#[test]
fn what_is_no_program_is_called_what_it_is() {
    let folder = Folder::new("kinds");
    assert_says(&folder.file("empty", b"", 0o755), &["empty"], 126);
    assert_says(&folder.file("cut", b"\x7fELF\x02\x01", 0o755), &["damaged"], 126);
    assert_says(&folder.file("junk", b"\x01\0\x02\0", 0o755), &["format"], 126);
    fs::create_dir(folder.0.join("dir")).unwrap();
    assert_says(&folder.path("dir"), &["directory"], 126);
    assert_says(&folder.file("plain", b"#!/bin/sh\n", 0o644), &["execute permission"], 126);
}

#[test]
fn links_and_names_that_lead_nowhere_say_so() {
    let folder = Folder::new("links");
    symlink("/no/such/target", folder.0.join("dangling")).unwrap();
    assert_says(&folder.path("dangling"), &["/no/such/target"], 127);
    symlink(folder.path("loop"), folder.0.join("loop")).unwrap();
    assert_says(&folder.path("loop"), &["symbolic links"], 126);
    let file = folder.file("file", b"", 0o644);
    assert_says(&format!("{file}/app"), &[&file, "directory"], 127);
    assert_says(&folder.path("missing"), &["no such file"], 127);
    let long = format!("/{}", "x".repeat(300));
    assert_says(&long, &["too long"], 126);
}

#[test]
fn what_is_not_in_path_shows_the_path_and_what_was_in_the_way() {
    let folder = Folder::new("path");
    let run = |path: &str| {
        let output = Command::new(common::rinit()).arg("app").env("PATH", path).output().unwrap();
        (String::from_utf8(output.stderr).unwrap(), output.status.code().unwrap())
    };
    let path = format!("/nowhere:{}", folder.0.display());
    let (text, code) = run(&path);
    assert!(text.contains(&path) && text.contains("PATH"), "{text}");
    assert_eq!(code, 127);
    let app = folder.file("app", b"#!/bin/sh\n", 0o644);
    let (text, code) = run(&path);
    assert!(text.contains(&app) && text.contains("execute permission"), "{text}");
    assert_eq!(code, 126);
}

#[test]
fn a_file_that_is_being_written_is_called_busy() {
    let folder = Folder::new("busy");
    let app = folder.file("app", &fs::read("/bin/true").unwrap(), 0o755);
    let writer = fs::OpenOptions::new().write(true).open(&app).unwrap();
    assert_says(&app, &["open for writing"], 126);
    drop(writer);
}

#[test]
fn a_mount_without_exec_is_named_as_the_reason() {
    let folder = Folder::new("noexec");
    let target = folder.path("mounted");
    fs::create_dir(&target).unwrap();
    let script = format!(
        "mount -t tmpfs -o noexec none {target} && cp /bin/true {target}/app && exec {} {target}/app",
        common::rinit().display()
    );
    let output = Command::new("unshare").args(["-m", "sh", "-c", &script]).output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    if !text.contains("rinit:") {
        eprintln!("SKIPPED a_mount_without_exec: no mount namespace may be made here: {text}");
        return;
    }
    assert!(text.contains("noexec"), "{text}");
    assert_eq!(output.status.code(), Some(126));
}

#[test]
fn a_folder_that_may_not_be_searched_is_named() {
    // SAFETY: it takes nothing.
    if unsafe { libc::geteuid() } != 0 {
        eprintln!("SKIPPED a_folder_that_may_not_be_searched: only root can become another user");
        return;
    }
    let folder = Folder::new("closed");
    fs::set_permissions(&folder.0, fs::Permissions::from_mode(0o755)).unwrap();
    let closed = folder.path("closed");
    fs::create_dir(&closed).unwrap();
    fs::copy("/bin/true", Path::new(&closed).join("app")).unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).unwrap();
    let rinit = folder.path("rinit");
    fs::copy(common::rinit(), &rinit).unwrap();
    let output = Command::new("setpriv")
        .args(["--reuid=65534", "--regid=65534", "--clear-groups", &rinit])
        .arg(format!("{closed}/app"))
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(text.contains(&format!(": {closed}/ ")), "{text}");
    assert_eq!(output.status.code(), Some(126));
}
