//! The form of a line, one write per line, and the difference between a panic and an exit.

use super::*;
use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;

/// Keeps every write as it came.
#[derive(Clone, Default)]
struct Writes(Arc<Mutex<Vec<String>>>);

impl Write for Writes {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().push(String::from_utf8(bytes.to_vec()).unwrap());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.lock().unwrap().push("(flush)".to_string());
        Ok(())
    }
}

impl Writes {
    fn logger(prefix: &str, flags: LogFlags) -> (Writes, Logger) {
        let writes = Writes::default();
        let logger = Logger::new(Box::new(writes.clone()), prefix, flags);
        (writes, logger)
    }

    fn all(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

fn line(prefix: &str, flags: LogFlags, message: &str) -> String {
    let (_, logger) = Writes::logger(prefix, flags);
    let now = Timestamp::from_unix(1_232_673_803, 123_123_999);
    logger.lock().line(&now, "src/some/file.rs", 23, message)
}

#[test]
fn every_combination_of_flags_has_gos_form() {
    let all = DATE | TIME | MICROSECONDS;
    let cases = [
        (NONE, "p: hello\n"),
        (DATE, "p: 2009/01/23 hello\n"),
        (TIME, "p: 01:23:23 hello\n"),
        (STD, "p: 2009/01/23 01:23:23 hello\n"),
        (MICROSECONDS, "p: 01:23:23.123123 hello\n"),
        (all, "p: 2009/01/23 01:23:23.123123 hello\n"),
        (LONG_FILE, "p: src/some/file.rs:23: hello\n"),
        (SHORT_FILE, "p: file.rs:23: hello\n"),
        (SHORT_FILE | LONG_FILE, "p: file.rs:23: hello\n"),
        (MSG_PREFIX, "p: hello\n"),
        (all | SHORT_FILE, "p: 2009/01/23 01:23:23.123123 file.rs:23: hello\n"),
        (all | LONG_FILE | MSG_PREFIX, "2009/01/23 01:23:23.123123 src/some/file.rs:23: p: hello\n"),
    ];
    for (flags, expected) in cases {
        assert_eq!(line("p: ", flags, "hello"), expected, "{flags:?}");
    }
}

#[test]
fn microseconds_keep_their_zeros_and_a_windows_path_is_shortened_too() {
    let (_, logger) = Writes::logger("", MICROSECONDS | SHORT_FILE);
    let text = logger.lock().line(&Timestamp::from_unix(0, 5_000), "src\\bin\\main.rs", 1, "m");
    assert_eq!(text, "00:00:00.000005 main.rs:1: m\n");
}

#[test]
fn a_missing_newline_is_added_and_others_stay() {
    assert_eq!(line("", NONE, ""), "\n");
    assert_eq!(line("", NONE, "a\n"), "a\n");
    assert_eq!(line("", NONE, "a\nb"), "a\nb\n");
    assert_eq!(line("", NONE, "a\n\n"), "a\n\n");
}

#[test]
fn each_line_is_one_write_and_names_the_place_that_logged_it() {
    let (writes, logger) = Writes::logger("[example] ", SHORT_FILE);
    logger.println("one");
    let expected = format!("[example] tests.rs:{}: one\n", line!() - 1);
    logger.try_println("two").unwrap();
    logger.println_with("three", &[("n", &3)]);
    let all = writes.all();
    assert_eq!(all.len(), 3);
    assert_eq!(all[0], expected);
    assert_eq!(all[1], format!("[example] tests.rs:{}: two\n", line!() - 5));
    assert_eq!(all[2], format!("[example] tests.rs:{}: three n=3\n", line!() - 5));
}

#[test]
fn values_are_quoted_only_where_a_reader_would_go_wrong() {
    let (writes, logger) = Writes::logger("", NONE);
    let cases: [(&str, &str); 10] = [
        ("timeout", "v=timeout"),
        ("[::1]:80", "v=[::1]:80"),
        ("größe", "v=größe"),
        ("", r#"v="""#),
        ("timed out", r#"v="timed out""#),
        ("a=b", r#"v="a=b""#),
        ("a\"b", r#"v="a\"b""#),
        ("a\\b", r#"v="a\\b""#),
        ("x\n2009/01/23 forged", r#"v="x\n2009/01/23 forged""#),
        ("\u{1b}[2J\u{202e}", r#"v="\u{1b}[2J\u{202e}""#),
    ];
    for (value, expected) in cases {
        logger.println_with("lost", &[("v", &value)]);
        assert_eq!(writes.all().pop().unwrap(), format!("lost {expected}\n"));
    }
    logger.println_with("lost\n", &[("peer", &"a:1"), ("tries", &3)]);
    assert_eq!(writes.all().pop().unwrap(), "lost peer=a:1 tries=3\n");
    logger.println_with("", &[("a", &1)]);
    assert_eq!(writes.all().pop().unwrap(), "a=1\n");
    logger.println_with("none", &[]);
    assert_eq!(writes.all().pop().unwrap(), "none\n");
}

#[test]
fn a_value_that_cannot_show_itself_or_logs_does_no_harm() {
    struct Odd(Logger);
    impl Display for Odd {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            self.0.println("inner");
            f.write_str("half")?;
            Err(fmt::Error)
        }
    }
    let (writes, logger) = Writes::logger("", NONE);
    logger.println_with("outer", &[("odd", &Odd(logger.clone()))]);
    assert_eq!(writes.all(), ["inner\n", "outer odd=half\n"]);
}

#[test]
fn lines_of_many_threads_do_not_mix() {
    let (writes, logger) = Writes::logger("", STD);
    let mut threads = Vec::new();
    for number in 0..8 {
        let logger = logger.clone();
        threads.push(thread::spawn(move || {
            for _ in 0..100 {
                logger.println(&number.to_string().repeat(50));
            }
        }));
    }
    for handle in threads {
        handle.join().unwrap();
    }
    let all = writes.all();
    assert_eq!(all.len(), 800);
    for line in all {
        let message = line[20..].trim_end();
        assert_eq!(message, message[..1].repeat(50));
    }
}

#[test]
fn clones_share_prefix_flags_and_sink() {
    let (first, logger) = Writes::logger("a ", NONE);
    let clone = logger.clone();
    clone.println("1");
    logger.set_prefix("b ");
    clone.println("2");
    let second = Writes::default();
    clone.set_sink(Box::new(second.clone()));
    logger.set_flags(MSG_PREFIX | SHORT_FILE);
    logger.println("3");
    logger.flush().unwrap();
    assert_eq!(first.all(), ["a 1\n", "b 2\n"]);
    assert_eq!(second.all().len(), 2);
    assert!(second.all()[0].starts_with("tests.rs:") && second.all()[0].ends_with(": b 3\n"));
    assert_eq!(second.all()[1], "(flush)");
}

/// Refuses everything, the first time with a panic.
struct Broken {
    panics: bool,
}

impl Write for Broken {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        assert!(!std::mem::take(&mut self.panics), "the sink panics");
        Err(io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Err(io::ErrorKind::BrokenPipe.into())
    }
}

#[test]
fn a_sink_that_fails_is_told_by_try_println_and_swallowed_by_println() {
    let logger = Logger::new(Box::new(Broken { panics: false }), "", STD);
    logger.println("lost");
    logger.println_with("lost", &[("n", &1)]);
    assert_eq!(logger.try_println("told").unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    assert_eq!(logger.flush().unwrap_err().kind(), io::ErrorKind::BrokenPipe);
}

#[test]
fn a_sink_that_panicked_does_not_stop_the_other_threads() {
    let logger = Logger::new(Box::new(Broken { panics: true }), "", STD);
    let clone = logger.clone();
    assert!(thread::spawn(move || clone.println("boom")).join().is_err());
    assert!(logger.try_println("still here").is_err());
    let writes = Writes::default();
    logger.set_sink(Box::new(writes.clone()));
    logger.println("well again");
    assert_eq!(writes.all().len(), 1);
}

#[test]
fn panicln_logs_and_panics_with_the_message() {
    let (writes, logger) = Writes::logger("", NONE);
    let clone = logger.clone();
    let panic = thread::spawn(move || clone.panicln("no disk")).join().unwrap_err();
    assert_eq!(panic.downcast_ref::<String>().unwrap(), "no disk");
    assert_eq!(writes.all(), ["no disk\n"]);
    logger.println("the lock is free");
}

#[test]
fn the_standard_logger_is_one_for_the_process() {
    assert!(Arc::ptr_eq(&standard().shared, &standard().shared));
    let shown = format!("{:?}", standard());
    assert_eq!(shown, "Logger { prefix: \"\", flags: LogFlags(3) }");
}

// --- a process of its own: this test program, started again with this variable set ------------------------------------

const HOW: &str = "NETPROG_TEST_LOG_END";
const WHERE: &str = "NETPROG_TEST_LOG_DIRECTORY";

#[test]
fn a_panic_runs_destructors_and_a_fatal_line_does_not() {
    if let (Ok(how), Some(directory)) = (std::env::var(HOW), std::env::var_os(WHERE)) {
        end_by(&how, Path::new(&directory));
    }
    // Panicln: the test fails, so the test program ends with 101. Both buffers were written.
    assert_eq!(run_to_the_end("panic"), (Some(101), "last words\n".to_string(), "in a buffer".to_string()));
    // Fatalln: the logger's own buffer was flushed, the other one is lost.
    assert_eq!(run_to_the_end("fatal"), (Some(1), "last words\n".to_string(), String::new()));
}

/// In the child: ends the process while a buffer on the stack holds something.
fn end_by(how: &str, directory: &Path) -> ! {
    let sink = BufWriter::new(File::create(directory.join("log")).unwrap());
    let logger = Logger::new(Box::new(sink), "", NONE);
    let mut other = BufWriter::new(File::create(directory.join("other")).unwrap());
    other.write_all(b"in a buffer").unwrap();
    match how {
        "panic" => logger.panicln("last words"),
        _ => logger.fatalln("last words"),
    }
}

fn run_to_the_end(how: &str) -> (Option<i32>, String, String) {
    let directory = fresh_directory(how);
    let status = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "base::log::tests::a_panic_runs_destructors_and_a_fatal_line_does_not"])
        .env(HOW, how)
        .env(WHERE, &directory)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap();
    let log = std::fs::read_to_string(directory.join("log")).unwrap();
    let other = std::fs::read_to_string(directory.join("other")).unwrap();
    std::fs::remove_dir_all(directory).unwrap();
    (status.code(), log, other)
}

fn fresh_directory(name: &str) -> PathBuf {
    let unique = format!("netprog-log-{}-{name}", process::id());
    let directory = std::env::temp_dir().join(unique);
    std::fs::create_dir_all(&directory).unwrap();
    directory
}
