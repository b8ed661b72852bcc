//! Runs a listing's test alone, with tracing on, and reads what happened.

use std::cell::Cell;
use std::collections::HashMap;
use std::fs;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use netprog::base::trace::Event;

use crate::cells::Test;

/// A demonstration takes seconds. One that takes this long hangs, and the tour goes on without it.
const LONGEST_RUN: Duration = Duration::from_secs(60);
/// Of a failed test's output the end says why.
const OUTPUT_LINES: usize = 24;

/// How a test ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    Passed,
    /// Marked `#[ignore]`: it needs something this machine may not have.
    Ignored,
    Failed(String),
}

/// One run of one test.
#[derive(Debug)]
pub struct Run {
    pub test: Test,
    pub verdict: Verdict,
    pub events: Vec<Event>,
    /// The end of what the test printed, for a failure.
    pub output: String,
    pub took: Duration,
}

impl Run {
    pub fn has_failed(&self) -> bool {
        matches!(self.verdict, Verdict::Failed(_))
    }
}

/// Runs tests of the sources in `root`.
pub struct Runner {
    root: PathBuf,
    is_built: Cell<bool>,
    numbers: Cell<u32>,
}

impl Runner {
    pub fn new(root: &Path) -> Runner {
        Runner { root: root.to_path_buf(), is_built: Cell::new(false), numbers: Cell::new(0) }
    }

    fn cargo(&self) -> Command {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = Command::new(cargo);
        command.current_dir(&self.root).arg("test").stdin(Stdio::null());
        command
    }

    /// Builds the tests once, so that the runs measure themselves and not the compiler. Says so when it takes a moment.
    ///
    /// # Errors
    /// The compiler's words, or why there is no compiler.
    pub fn build(&self) -> Result<(), String> {
        if self.is_built.get() {
            return Ok(());
        }
        let child = self.cargo().arg("--no-run").stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
        let mut child = child.map_err(|error| format!("cargo cannot be started: {error}"))?;
        let mut words = Vec::new();
        let mut is_announced = false;
        if let Some(stderr) = child.stderr.take() {
            for line in BufReader::new(stderr).split(b'\n') {
                let line = line.map_err(|error| format!("cargo's words cannot be read: {error}"))?;
                let line = String::from_utf8_lossy(&line).into_owned();
                if !is_announced && line.trim_start().starts_with("Compiling") {
                    crate::say("building the tests …");
                    is_announced = true;
                }
                words.push(line);
            }
        }
        let status = child.wait().map_err(|error| format!("cargo is lost: {error}"))?;
        self.is_built.set(status.success());
        if status.success() {
            Ok(())
        } else {
            Err(format!("the tests do not build:\n{}", tail(&words.join("\n"))))
        }
    }

    /// Runs `test` alone. Whatever goes wrong is the run's verdict.
    pub fn run(&self, test: &Test) -> Run {
        let built = self.build();
        let begin = Instant::now();
        let attempt = built.and_then(|()| self.attempt(test).map_err(|error| error.to_string()));
        let took = begin.elapsed();
        let test = test.clone();
        match attempt {
            Ok((verdict, output, events)) => {
                let output = if has_words(&verdict) { tail(&output) } else { String::new() };
                Run { test, verdict, events, output, took }
            }
            Err(error) => {
                let (first, rest) = error.split_once('\n').unwrap_or((&error, ""));
                let verdict = Verdict::Failed(first.trim_end_matches(':').to_string());
                Run { test, verdict, events: Vec::new(), output: rest.to_string(), took }
            }
        }
    }

    fn attempt(&self, test: &Test) -> io::Result<(Verdict, String, Vec<Event>)> {
        let trace = self.fresh_file()?;
        let mut command = self.cargo();
        command.arg("--quiet").args(test.arguments());
        command.env("NETPROG_TRACE_FILE", &trace).env_remove("NETPROG_TRACE");
        // The panic's own line says where; a stack of thirty frames would push it out of the tail.
        command.env("RUST_BACKTRACE", "0");
        let outcome = run_limited(command, LONGEST_RUN);
        let recorded = fs::read(&trace);
        // A file left in the temporary directory harms nobody.
        let _ = fs::remove_file(&trace);
        let (status, output) = outcome?;
        let events = read_events(&String::from_utf8_lossy(&recorded?), &test.name);
        let verdict = match status {
            Some(status) => judge(status.success(), &output),
            None => Verdict::Failed(format!("it was still running after {} s", LONGEST_RUN.as_secs())),
        };
        Ok((verdict, output, events))
    }

    /// An empty file nobody else has.
    fn fresh_file(&self) -> io::Result<PathBuf> {
        loop {
            let number = self.numbers.get();
            self.numbers.set(number + 1);
            let name = format!("netprog-tour-{}-{number}.trace", std::process::id());
            let path = std::env::temp_dir().join(name);
            match fs::OpenOptions::new().write(true).create_new(true).open(&path) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                outcome => return outcome.map(|_| path),
            }
        }
    }
}

/// Runs `command` and collects what it prints. No status if the time was over first.
fn run_limited(mut command: Command, limit: Duration) -> io::Result<(Option<ExitStatus>, String)> {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let (collected, outputs) = mpsc::channel();
    let pieces = [collect(child.stdout.take(), 0, &collected), collect(child.stderr.take(), 1, &collected)];
    let until = Instant::now() + limit;
    let mut texts: HashMap<usize, String> = HashMap::new();
    for _ in pieces {
        match outputs.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok((stream, text)) => texts.insert(stream, text),
            Err(_) => return give_up(child),
        };
    }
    let output = format!("{}{}", texts.remove(&1).unwrap_or_default(), texts.remove(&0).unwrap_or_default());
    Ok((Some(child.wait()?), output))
}

/// Both streams at once: a child that fills one pipe while we read the other would wait for ever.
fn collect(
    stream: Option<impl Read + Send + 'static>,
    number: usize,
    collected: &mpsc::Sender<(usize, String)>,
) -> thread::JoinHandle<()> {
    let collected = collected.clone();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut stream) = stream {
            // What was read before an error is still worth showing.
            let _ = stream.read_to_end(&mut bytes);
        }
        // Nobody listens any more when the time was over.
        let _ = collected.send((number, String::from_utf8_lossy(&bytes).into_owned()));
    })
}

fn give_up(mut child: Child) -> io::Result<(Option<ExitStatus>, String)> {
    child.kill()?;
    child.wait()?;
    Ok((None, String::new()))
}

const NO_SUCH_TEST: &str = "there is no such test";

/// Whether the test's output explains the verdict.
fn has_words(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Failed(why) if why != NO_SUCH_TEST)
}

/// What the test program's summary says. A name that no test has passes with nothing run; that is a failure here.
fn judge(succeeded: bool, output: &str) -> Verdict {
    let summary = output.lines().rev().find(|line| line.trim_start().starts_with("test result: "));
    let Some(summary) = summary else {
        return Verdict::Failed("it did not come to its end".to_string());
    };
    let count = |what: &str| {
        let before = summary.split([';', '.']).find_map(|part| part.trim().strip_suffix(what));
        before.and_then(|number| number.trim().parse::<usize>().ok()).unwrap_or(0)
    };
    match (count("passed"), count("failed"), count("ignored")) {
        (1, 0, 0) if succeeded => Verdict::Passed,
        (0, 0, 1) if succeeded => Verdict::Ignored,
        (0, 0, 0) => Verdict::Failed(NO_SUCH_TEST.to_string()),
        (_, 0, _) => Verdict::Failed(format!("one test should have run alone, but: {}", summary.trim())),
        _ => Verdict::Failed("the test failed".to_string()),
    }
}

/// The events of a trace file. The test's own thread, if it said nothing of itself, is called by the test's name: that is
/// "the test" in a picture.
fn read_events(trace: &str, test: &str) -> Vec<Event> {
    let mut events = Vec::new();
    for line in trace.lines() {
        if let Some(mut event) = Event::from_line(line) {
            for party in [&mut event.from, &mut event.to] {
                if party == test || party.rsplit("::").next() == Some(test) {
                    *party = "the test".to_string();
                }
            }
            events.push(event);
        }
    }
    events
}

/// The last lines, fit for a terminal: a test prints what its peers sent.
fn tail(output: &str) -> String {
    // What the compiler said before is not why the test failed.
    let begin = output.find("\nthread '").map_or(0, |at| at + 1);
    let lines: Vec<&str> = output[begin..].trim_end().lines().collect();
    let mut text = String::new();
    for line in &lines[lines.len().saturating_sub(OUTPUT_LINES)..] {
        text.extend(line.chars().map(|c| if c.is_control() && c != '\t' { '\u{fffd}' } else { c }));
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(words: &str) -> String {
        format!(
            "\nrunning 1 test\n.\ntest result: ok. {words}; 0 measured; 12 filtered out; finished in 0.01s\n\n"
        )
    }

    #[test]
    fn one_test_passed_is_passed() {
        assert_eq!(judge(true, &result("1 passed; 0 failed; 0 ignored")), Verdict::Passed);
    }

    #[test]
    fn a_test_that_does_not_exist_is_a_failure() {
        let verdict = judge(true, &result("0 passed; 0 failed; 0 ignored"));
        assert_eq!(verdict, Verdict::Failed(NO_SUCH_TEST.into()));
    }

    #[test]
    fn only_exactly_one_test_counts() {
        assert!(matches!(judge(true, &result("2 passed; 0 failed; 0 ignored")), Verdict::Failed(_)));
        assert!(matches!(judge(true, &result("11 passed; 0 failed; 0 ignored")), Verdict::Failed(_)));
        assert!(matches!(judge(false, &result("1 passed; 0 failed; 0 ignored")), Verdict::Failed(_)));
        assert!(matches!(judge(false, &result("0 passed; 1 failed; 0 ignored")), Verdict::Failed(_)));
        assert_eq!(judge(true, &result("0 passed; 0 failed; 1 ignored")), Verdict::Ignored);
    }

    #[test]
    fn a_test_program_that_dies_has_failed() {
        assert!(matches!(judge(true, "running 1 test\n"), Verdict::Failed(_)));
        // What a test prints before is not its summary.
        let forged = format!(
            "test result: ok. 1 passed; 0 failed; 0 ignored\n{}",
            result("0 passed; 1 failed; 0 ignored")
        );
        assert!(matches!(judge(false, &forged), Verdict::Failed(_)));
    }

    #[test]
    fn a_test_that_prints_on_both_streams_is_heard_and_one_that_hangs_is_left() {
        let shell = |script: &str| {
            let mut command = Command::new("sh");
            command.args(["-c", script]);
            command
        };
        let (status, output) = run_limited(shell("echo out; echo err >&2"), Duration::from_secs(20)).unwrap();
        assert!(status.unwrap().success());
        assert_eq!(output, "err\nout\n");
        let (status, _) = run_limited(shell("exec sleep 30"), Duration::from_millis(50)).unwrap();
        assert!(status.is_none());
    }

    #[test]
    fn the_threads_own_name_becomes_the_test() {
        let trace = "10\tch03\tnote\tlisting_3_1_x\t\t0\t\thello\nno event\n";
        let events = read_events(trace, "listing_3_1_x");
        assert_eq!((events.len(), events[0].from.as_str()), (1, "the test"));
    }

    #[test]
    fn the_output_of_a_failure_cannot_command_the_terminal() {
        assert_eq!(tail("a\n\x1b[2Jb\n"), "a\n\u{fffd}[2Jb\n");
        assert_eq!(tail(&"x\n".repeat(100)).lines().count(), OUTPUT_LINES);
    }
}
