//! The client against our server. Rows 6.28, R.2, R.12, R.13. Other servers: `played.rs`.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use netprog::base::cancel::Cancel;
use netprog::base::log::{Logger, STD};
use netprog::base::random::Seeded;
use netprog::base::trace;
use netprog::ch06_tftp::client::{ClientConfig, Report, get, put};
use netprog::ch06_tftp::error::{ErrorCode, TransferError};
use netprog::ch06_tftp::files::{Directory, Files};
use netprog::ch06_tftp::packet::Mode;
use netprog::ch06_tftp::server::{Running, Server, ServerConfig};
use netprog::ch06_tftp::target::Target;

// --- both sides -------------------------------------------------------------------------------------------------------

fn file(length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    Seeded::new(length as u64).fill(&mut bytes);
    bytes
}

/// An empty directory of one test, gone with it.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new(test: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("netprog-client-{test}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir(&path).unwrap();
        Folder(path)
    }

    pub fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(&self.0).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn serve(files: Files) -> Running {
    let log = Logger::new(Box::new(io::sink()), "", STD);
    Server::bind("127.0.0.1:0".parse().unwrap(), ServerConfig::new(files, log)).unwrap().start().unwrap()
}

pub fn serve_directory(folder: &Folder) -> Running {
    serve(Files::Directory(Directory::new(&folder.0, true, 1 << 30).unwrap()))
}

/// What a download wrote.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Write for Kept {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(buf)
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Kept {
    fn bytes(&self) -> Vec<u8> {
        self.0.lock().unwrap().clone()
    }
}

/// Gets `name`: how it ended, and what came.
pub fn fetch(
    server: SocketAddr,
    name: &str,
    config: &ClientConfig,
) -> (Result<Report, TransferError>, Vec<u8>) {
    let kept = Kept::default();
    let target = Target::writing_to(kept.clone());
    let result = get(server, name.as_bytes(), config, target, &Cancel::new(), &mut |_, _| {});
    (result, kept.bytes())
}

fn store(
    server: SocketAddr,
    name: &str,
    bytes: &[u8],
    config: &ClientConfig,
) -> Result<Report, TransferError> {
    let mut source = bytes;
    let size = Some(bytes.len() as u64);
    put(server, name.as_bytes(), config, &mut source, size, &Cancel::new(), &mut |_, _| {})
}

/// The configurations a transfer must work with.
fn configs() -> [ClientConfig; 4] {
    let plain = ClientConfig { size: false, ..ClientConfig::default() };
    let large = ClientConfig { block_size: Some(1428), timeout: Some(2), ..ClientConfig::default() };
    let windows = ClientConfig { block_size: Some(600), window: Some(8), ..ClientConfig::default() };
    [plain, ClientConfig::default(), large, windows]
}

// --- against our server -----------------------------------------------------------------------------------------------

/// The client the book leaves to its readers (row 6.28). Watch: lengths around the block size, with and without options.
#[test]
fn a_file_comes_whole_whatever_its_length_and_the_options() {
    let _me = trace::party("client");
    trace::chapter("ch06");
    for length in [0, 1, 511, 512, 513, 1024, 1428, 4800, 75_352] {
        let bytes = file(length);
        let server = serve(Files::Payload(bytes.clone().into()));
        for config in configs() {
            let (result, came) = fetch(server.address(), "test.svg", &config);
            let report = result.unwrap();
            assert!(came == bytes, "{length} bytes, {config:?}: {} came", came.len());
            assert_eq!(report.totals.bytes, length as u64);
            assert_eq!(report.options.size, config.size.then_some(length as u64));
            assert_eq!(report.options.window, config.window);
        }
        server.stop().unwrap();
    }
}

#[test]
fn what_was_put_can_be_got() {
    let folder = Folder::new("put");
    let server = serve_directory(&folder);
    for (index, config) in configs().iter().enumerate() {
        for length in [0, 512, 1427, 1428, 75_352] {
            let (name, bytes) = (format!("{index}-{length}"), file(length));
            let report = store(server.address(), &name, &bytes, config).unwrap();
            assert_eq!(report.totals.bytes, length as u64);
            assert!(std::fs::read(folder.0.join(&name)).unwrap() == bytes, "{name}");
            assert!(fetch(server.address(), &name, config).1 == bytes, "{name}");
        }
    }
}

#[test]
fn text_is_converted_on_the_way_there_and_back() {
    let folder = Folder::new("text");
    let server = serve_directory(&folder);
    let text: Vec<u8> = b"a line\nand\ra carriage return\r\n".repeat(100);
    for window in [None, Some(4)] {
        let config = ClientConfig { mode: Mode::Netascii, window, ..ClientConfig::default() };
        let name = format!("text-{window:?}");
        let report = store(server.address(), &name, &text, &config).unwrap();
        assert_eq!(report.options.size, None, "its length on the wire is another");
        assert!(report.totals.bytes > text.len() as u64);
        assert!(std::fs::read(folder.0.join(&name)).unwrap() == text, "as it was");
        assert!(fetch(server.address(), &name, &config).1 == text, "and back");
    }
}

/// A window is acknowledged once: far fewer packets leave us than blocks come.
#[test]
fn a_window_is_acknowledged_once() {
    let server = serve(Files::Payload(file(160 * 512).into()));
    let config = ClientConfig { window: Some(16), ..ClientConfig::default() };
    let (result, came) = fetch(server.address(), "x", &config);
    let report = result.unwrap();
    assert_eq!((came.len(), report.totals.blocks, report.options.window), (160 * 512, 161, Some(16)));
    assert!(report.totals.packets < 60, "{} packets", report.totals.packets);
}

#[test]
fn a_download_that_fails_leaves_no_file_and_the_old_one_untouched() {
    let (served, here) = (Folder::new("served"), Folder::new("here"));
    let server = serve_directory(&served);
    for old in [None, Some("old")] {
        let name = here.0.join("file");
        if let Some(old) = old {
            std::fs::write(&name, old).unwrap();
        }
        let target = Target::create(&name).unwrap();
        let config = ClientConfig::default();
        let result = get(server.address(), b"missing", &config, target, &Cancel::new(), &mut |_, _| {});
        let error = result.unwrap_err();
        assert!(matches!(error, TransferError::PeerGaveError { code: ErrorCode::NotFound, .. }), "{error}");
        assert_eq!(here.names().len(), usize::from(old.is_some()), "{:?}", here.names());
    }
    assert_eq!(std::fs::read(here.0.join("file")).unwrap(), b"old");
}

#[test]
fn a_file_that_is_there_is_not_overwritten_and_the_client_hears_why() {
    let folder = Folder::new("exists");
    std::fs::write(folder.0.join("file"), "old").unwrap();
    let server = serve_directory(&folder);
    let error = store(server.address(), "file", b"new", &ClientConfig::default()).unwrap_err();
    assert!(matches!(error, TransferError::PeerGaveError { code: ErrorCode::FileExists, .. }), "{error}");
}

#[test]
fn progress_is_told_block_by_block_with_the_size() {
    let server = serve(Files::Payload(file(2000).into()));
    let mut heard = Vec::new();
    let target = Target::writing_to(io::sink());
    let mut watch = |done, total| heard.push((done, total));
    get(server.address(), b"x", &ClientConfig::default(), target, &Cancel::new(), &mut watch).unwrap();
    let all = Some(2000);
    assert_eq!(heard, [(0, all), (512, all), (1024, all), (1536, all), (2000, all)]);
}
