//! Programs as people run them, stopped as container engines stop them: with a SIGTERM to rinit.
//!
//! Debian's packages: `apt-get install python3 redis-server nginx-light`.

mod common;

use std::ffi::OsStr;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::path::Path;

use common::{Folder, Init, Running, children, tool};
use libc::{SIGQUIT, SIGTERM, c_int};

/// As PID 1 and as a process among others.
const BOTH: [bool; 2] = [true, false];

/// More grace than anybody should need: what takes this long hangs.
const LONG: [&str; 2] = ["-t", "1000"];

/// Everybody below a process who runs this program by now.
fn who_run(name: &str, pid: c_int) -> Vec<c_int> {
    let mut found = Vec::new();
    for child in children(pid) {
        let is_it = fs::read_to_string(format!("/proc/{child}/comm")).unwrap_or_default();
        if is_it.trim_end() == name {
            found.push(child);
        }
        found.extend(who_run(name, child));
    }
    found
}

#[test]
fn sigterm_reaches_a_whole_shell_pipeline() {
    // A shell waits for the pipeline before it looks at its traps: where the signal reached the
    // shell alone this would hang.
    let pipeline = "sleep 1000 | sleep 1000 | sleep 1000";
    for pid_1 in BOTH {
        for (script, code) in [
            (pipeline.to_owned(), 143),
            (format!("{pipeline}; exit 3"), 143),
            (format!("trap 'exit 5' TERM; {pipeline}"), 5),
        ] {
            let mut init = Init::new(LONG).args(["sh", "-c", &script]).pid_1_if(pid_1).start();
            init.until_true("the pipeline", |it| who_run("sleep", it.pid()).len() == 3);
            init.signal(SIGTERM);
            assert_eq!(init.finish().code(), Some(code), "{script}");
        }
    }
}

#[test]
fn a_shell_script_cleans_up_and_keeps_its_exit_code() {
    for shell in ["sh", "bash"] {
        let Some(_) = tool(shell, "apt-get install dash bash") else { continue };
        for pid_1 in BOTH {
            let script = "trap 'echo cleaned up; exit 9' TERM; sleep 1000 & wait";
            let mut init = Init::new(LONG).args([shell, "-c", script]).pid_1_if(pid_1).start();
            // Between fork and exec a shell's child would lose it to the trap that it inherited.
            init.until_true("the shell's child", |it| who_run("sleep", it.pid()).len() == 1);
            init.signal(SIGTERM);
            let outcome = init.finish();
            outcome.assert_quiet(9);
            assert_eq!(outcome.text(), "cleaned up\n");
        }
    }
}

/// Python with this script.
fn python(script: &str) -> Option<Init> {
    // Debian's own: another one that stands before it in PATH may be a wrapper.
    let python = tool("python3", "apt-get install python3")?;
    Some(Init::new(LONG).args([python.as_os_str(), OsStr::new("-c"), OsStr::new(script)]))
}

#[test]
fn a_python_server_is_stopped_with_its_own_exit_code() {
    let server = "
import http.server, signal, sys
HANDLER
server = http.server.HTTPServer(('127.0.0.1', 0), http.server.SimpleHTTPRequestHandler)
print('port', server.server_port, 'ready', flush=True)
server.serve_forever()
";
    for pid_1 in BOTH {
        let handler = "signal.signal(signal.SIGTERM, lambda *_: sys.exit(3))";
        for (handler, code) in [("", 143), (handler, 3)] {
            let Some(init) = python(&server.replace("HANDLER", handler)) else { return };
            let mut init = init.pid_1_if(pid_1).start();
            let text = init.until("ready");
            let port = text.split(' ').nth(1).unwrap().parse().unwrap();
            let mut connection = TcpStream::connect(("127.0.0.1", port)).unwrap();
            assert!(ask(&mut connection).starts_with("HTTP/1.0 200"));
            init.signal(SIGTERM);
            assert_eq!(init.finish().code(), Some(code));
        }
    }
}

/// Asks a server of web pages for its front page.
fn ask(connection: &mut (impl Read + Write)) -> String {
    connection.write_all(b"GET / HTTP/1.0\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    connection.read_to_end(&mut answer).unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn the_workers_of_a_python_program_are_stopped_with_it() {
    let script = "
import multiprocessing, signal, sys, time

def work():
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    print('worker ready', flush=True)
    time.sleep(1000)

signal.signal(signal.SIGTERM, lambda *_: None)
context = multiprocessing.get_context('fork')
workers = [context.Process(target=work) for _ in range(4)]
for worker in workers:
    worker.start()
for worker in workers:
    worker.join()
print('workers left with', *[worker.exitcode for worker in workers], flush=True)
sys.exit(5)
";
    for pid_1 in BOTH {
        let Some(init) = python(script) else { return };
        let mut init = init.pid_1_if(pid_1).start();
        init.until_true("the workers", |it| it.output().matches("ready").count() == 4);
        init.signal(SIGTERM);
        let outcome = init.finish();
        outcome.assert_quiet(5);
        assert!(outcome.text().ends_with("workers left with -15 -15 -15 -15\n"), "{outcome:?}");
    }
}

// A data store, which has something to lose.

fn redis(folder: &Folder, pid_1: bool) -> Option<Running> {
    let server = tool("redis-server", "apt-get install redis-server")?;
    let socket = folder.join("socket");
    let _ = fs::remove_file(&socket);
    let options = ["--port", "0", "--save", "3600 1", "--daemonize", "no", "--loglevel", "notice"];
    let mut init = Init::new(LONG)
        .args([server])
        .args(options)
        .args(["--dir".as_ref(), folder.path().as_os_str()])
        .args(["--unixsocket".as_ref(), socket.as_os_str()])
        .pid_1_if(pid_1)
        .start();
    init.until("eady to accept connections");
    Some(init)
}

/// Says something to the store, and compares what it answers.
#[track_caller]
fn tell(folder: &Folder, words: &str, expected: &str) {
    let mut connection = UnixStream::connect(folder.join("socket")).unwrap();
    connection.write_all(format!("{words}\r\n").as_bytes()).unwrap();
    let mut answer = vec![0; expected.len()];
    connection.read_exact(&mut answer).unwrap();
    assert_eq!(String::from_utf8_lossy(&answer), expected);
}

#[test]
fn redis_saves_its_data_when_it_is_stopped() {
    for pid_1 in BOTH {
        let folder = Folder::new();
        let Some(init) = redis(&folder, pid_1) else { return };
        tell(&folder, "SET init rinit", "+OK\r\n");
        init.signal(SIGTERM);
        let outcome = init.finish();
        assert_eq!(outcome.code(), Some(0), "{outcome:?}");
        assert!(folder.join("dump.rdb").exists(), "{outcome:?}");
        let Some(init) = redis(&folder, pid_1) else { return };
        tell(&folder, "GET init", "$5\r\nrinit\r\n");
        init.signal(SIGTERM);
        assert_eq!(init.finish().code(), Some(0));
    }
}

// A server with workers.

fn nginx(folder: &Folder, main: &str) -> Option<Init> {
    let server = tool("nginx", "apt-get install nginx-light")?;
    let here = folder.path().display();
    let paths: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|it| format!("{it}_temp_path {here}/{it};"))
        .concat();
    let configuration = format!(
        "{main} worker_processes 2; pid {here}/pid; error_log stderr notice;\n\
         events {{}}\n\
         http {{ access_log off; {paths}\n\
         server {{ listen unix:{here}/socket; return 200 \"served by $pid\\n\"; }} }}\n"
    );
    let file = folder.file("nginx.conf", configuration, 0o644);
    // Before it has read that file it logs to one that only root may write.
    let words = [server.as_os_str(), "-e".as_ref(), "stderr".as_ref(), "-c".as_ref()];
    Some(Init::new(LONG).args(words).args([file]))
}

/// Asks nginx as soon as it listens.
fn ask_nginx(init: &mut Running, socket: &Path) -> String {
    let mut answer = String::new();
    init.until_true("nginx", |_| {
        let Ok(mut connection) = UnixStream::connect(socket) else { return false };
        answer = ask(&mut connection);
        true
    });
    answer
}

#[test]
fn nginx_and_its_workers_are_stopped() {
    for pid_1 in BOTH {
        for signal in [SIGTERM, SIGQUIT] {
            let folder = Folder::new();
            let Some(init) = nginx(&folder, "daemon off; user root;") else { return };
            let mut init = init.pid_1_if(pid_1).start();
            let answer = ask_nginx(&mut init, &folder.join("socket"));
            assert!(answer.contains("served by "), "{answer}");
            // The master and two workers.
            init.until_true("its workers", |it| who_run("nginx", it.pid()).len() == 3);
            init.signal(signal);
            let outcome = init.finish();
            assert_eq!(outcome.code(), Some(0), "{outcome:?}");
            assert!(!folder.join("pid").exists(), "it did not end in order: {outcome:?}");
        }
    }
}

#[test]
fn a_daemon_that_forks_away_is_drained() {
    // The program ends as soon as the daemon is there; PID 1 asks the daemon to end, and waits.
    let folder = Folder::new();
    let Some(init) = nginx(&folder, "daemon on; user root;") else { return };
    let outcome = init.pid_1().finish();
    assert_eq!(outcome.code(), Some(0), "{outcome:?}");
    assert!(outcome.errors().contains("exit"), "the daemon was not there: {outcome:?}");
    assert!(!folder.join("pid").exists(), "it did not end in order: {outcome:?}");
}
