//! Programs that listen on a socket's path.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::JoinHandle;

use super::{PATIENCE, join, output_of, program, signal};

/// A server program that prints `NAME: listening on PATH`; killed when dropped.
pub struct PathProgram {
    child: Option<Child>,
    errors: Option<JoinHandle<String>>,
    /// What stands behind `listening on`.
    pub place: String,
}

impl PathProgram {
    /// Starts one of our programs.
    pub fn start(name: &str, arguments: &[&str]) -> PathProgram {
        PathProgram::start_command(Command::new(program(name)).args(arguments).stdin(Stdio::null()))
    }

    /// The same for a command of one's own, which keeps its standard input.
    pub fn start_command(command: &mut Command) -> PathProgram {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
        let mut stderr = child.stderr.take().expect("piped");
        let errors = std::thread::spawn(move || {
            let mut text = Vec::new();
            let _ = stderr.read_to_end(&mut text);
            String::from_utf8_lossy(&text).into_owned()
        });
        let mut line = String::new();
        let read = BufReader::new(child.stdout.take().expect("piped")).read_line(&mut line);
        let place = line.split_once("listening on ").map(|(_, place)| place.trim_end().to_string());
        let Some(place) = place else {
            let _ = child.kill();
            let _ = child.wait();
            panic!("{command:?} said {line:?} ({read:?}) and {}", join(errors));
        };
        PathProgram { child: Some(child), errors: Some(errors), place }
    }

    /// Its process number.
    pub fn id(&self) -> u32 {
        self.child.as_ref().expect("it runs").id()
    }

    /// Sends it a signal (`INT` is Ctrl-C) and waits for its end: the exit code, if it had one, and standard error.
    pub fn stop_by(mut self, name: &str) -> (Option<i32>, String) {
        let child = self.child.take().expect("it runs");
        signal(child.id(), name);
        let status = output_of(child).status;
        (status.code(), join(self.errors.take().expect("taken once")))
    }
}

impl Drop for PathProgram {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// A client that does not wait for ever.
pub fn connect(path: &Path) -> UnixStream {
    let stream = UnixStream::connect(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// Waits until it is so. What a test has closed may stay open for a moment in a child that another test has forked and that
/// has not become its program yet.
pub fn until(mut is_so: impl FnMut() -> bool) {
    let begin = std::time::Instant::now();
    while !is_so() {
        assert!(begin.elapsed() < PATIENCE, "still not so after {PATIENCE:?}");
        std::thread::yield_now();
    }
}
