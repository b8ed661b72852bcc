//! What the tests share: programs as child processes, joins that do not hang, and something to write on.

#![allow(dead_code)] // Every test file takes only what it needs.

pub mod http;
#[cfg(unix)]
pub mod unix;

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, Mutex, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use netprog::base::conn::ConnWrite;

/// How long anything here may take before a test gives up. Far more than a loaded machine needs.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// The thread's result. Panics if it takes longer than [`PATIENCE`] or panicked itself.
pub fn join<T: Send + 'static>(thread: JoinHandle<T>) -> T {
    let (told, heard) = mpsc::channel();
    std::thread::spawn(move || told.send(thread.join()));
    match heard.recv_timeout(PATIENCE) {
        Ok(Ok(value)) => value,
        Ok(Err(_)) => panic!("the thread panicked"),
        Err(_) => panic!("the thread had not ended after {PATIENCE:?}"),
    }
}

/// Something to write on that a test can read afterwards. A clone is the same page.
#[derive(Clone, Default)]
pub struct Page(Arc<Mutex<Vec<u8>>>);

impl Page {
    pub fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Page {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(buf)
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes until the system takes no more: the error.
pub fn fill(conn: &mut dyn ConnWrite) -> io::Error {
    let block = vec![0u8; 1 << 20];
    loop {
        if let Err(error) = conn.write(&block) {
            return error;
        }
    }
}

/// The path of one of our programs: cargo builds them beside the folder of its test programs.
pub fn program(name: &str) -> PathBuf {
    let this_test = std::env::current_exe().expect("a test knows its own path");
    let beside = this_test.parent().and_then(Path::parent).expect("target/debug/deps/test");
    beside.join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
}

/// Runs one of our programs to its end.
pub fn run(name: &str, arguments: &[&str]) -> Output {
    let child = Command::new(program(name))
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{name} did not start: {error}"));
    output_of(child)
}

/// What a child printed and how it ended. Kills it and panics after [`PATIENCE`].
pub fn output_of(child: Child) -> Output {
    let id = child.id();
    let (told, heard) = mpsc::channel();
    std::thread::spawn(move || told.send(child.wait_with_output()));
    match heard.recv_timeout(PATIENCE) {
        Ok(output) => output.expect("the output is readable"),
        Err(_) => {
            signal(id, "KILL");
            panic!("process {id} had not ended after {PATIENCE:?}");
        }
    }
}

/// Standard output as text.
pub fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Standard error as text.
pub fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Sends a signal by name (`INT`, `TERM`, `KILL`) to a process.
pub fn signal(process: u32, name: &str) {
    let sent = Command::new("sh").args(["-c", &format!("kill -{name} {process}")]).status();
    assert!(sent.expect("sh runs").success(), "kill -{name} {process}");
}

/// A server program that runs until it is stopped or dropped.
pub struct Program {
    child: Option<Child>,
    address: SocketAddr,
    lines: mpsc::Receiver<String>,
    errors: Option<JoinHandle<String>>,
}

/// What a stopped program leaves.
pub struct Ended {
    /// How it ended.
    pub status: ExitStatus,
    /// What it had printed on standard output after the line that says where it listens.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Program {
    /// Starts a program and waits for its line `… listening on ADDRESS`.
    pub fn start(name: &str, arguments: &[&str]) -> Program {
        let mut command = Command::new(program(name));
        command.args(arguments);
        Program::start_command(&mut command)
    }

    /// The same for a command of one's own, such as a shell that sets a limit first.
    pub fn start_command(command: &mut Command) -> Program {
        let spawned = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut child = spawned.unwrap_or_else(|error| panic!("{command:?} did not start: {error}"));
        let stdout = BufReader::new(child.stdout.take().expect("piped"));
        let mut stderr = child.stderr.take().expect("piped");
        let errors = std::thread::spawn(move || {
            let mut text = Vec::new();
            let _ = stderr.read_to_end(&mut text);
            String::from_utf8_lossy(&text).into_owned()
        });
        let (told, lines) = mpsc::channel();
        std::thread::spawn(move || {
            for line in stdout.lines() {
                let Ok(line) = line else { return };
                if told.send(line).is_err() {
                    return;
                }
            }
        });
        let mut program = Program {
            child: Some(child),
            address: SocketAddr::from(([0, 0, 0, 0], 0)),
            lines,
            errors: Some(errors),
        };
        loop {
            let Some(line) = program.line() else {
                let ended = program.wait();
                panic!("{command:?} ended without listening: {}", ended.stderr);
            };
            if let Some((_, address)) = line.split_once("listening on ") {
                let address = address.split_whitespace().next().unwrap_or_default();
                program.address = address.parse().unwrap_or_else(|_| panic!("an address in {line:?}"));
                return program;
            }
        }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its process number.
    pub fn id(&self) -> u32 {
        self.child.as_ref().expect("it runs").id()
    }

    /// The next line of its standard output, `None` at the end.
    pub fn line(&mut self) -> Option<String> {
        match self.lines.recv_timeout(PATIENCE) {
            Ok(line) => Some(line),
            Err(mpsc::RecvTimeoutError::Disconnected) => None,
            Err(mpsc::RecvTimeoutError::Timeout) => panic!("no line of output after {PATIENCE:?}"),
        }
    }

    /// Sends it a signal (`INT` is Ctrl-C) and waits for its end.
    pub fn stop_by(self, name: &str) -> Ended {
        signal(self.id(), name);
        self.wait()
    }

    /// Waits for its end.
    pub fn wait(mut self) -> Ended {
        let mut stdout = String::new();
        while let Some(line) = self.line() {
            stdout.push_str(&line);
            stdout.push('\n');
        }
        let status = output_of(self.child.take().expect("it runs")).status;
        let stderr = join(self.errors.take().expect("taken once"));
        Ended { status, stdout, stderr }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
