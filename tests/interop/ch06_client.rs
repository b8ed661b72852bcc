//! Our TFTP client against other people's servers, and our checksums beside other people's. `make interop`.
//!
//! tftpd-hpa takes any address and uploads. dnsmasq listens on port 69 only and takes no uploads, so its test runs as root and
//! alone on that port.

use std::net::{SocketAddr, UdpSocket};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use crate::support::{Program, run, stderr, stdout};

/// An empty directory everybody may use: the servers run as a user of their own. Gone with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str) -> Folder {
        use std::os::unix::fs::PermissionsExt;
        let path = std::env::temp_dir().join(format!("netprog-tftp-{test}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir(&path).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o777)).unwrap();
        Folder(path)
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_string()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A server of somebody else's, gone with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A port that was free a moment ago.
fn free_port() -> SocketAddr {
    UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// Asks for a file that is not there until the server says so.
fn wait_for(address: &str) {
    for _ in 0..100 {
        let asked =
            run("ch06_get", &["-plain", "-timeout", "100ms", "-retries", "1", address, "missing", "-"]);
        if asked.status.code() != Some(3) {
            return;
        }
    }
    panic!("no server at {address}");
}

/// `in.tftpd` in the foreground: -s confines it to the folder, -c lets clients create files.
fn tftpd_hpa(folder: &Folder) -> (Running, String) {
    let address = free_port().to_string();
    let child = Command::new("/usr/sbin/in.tftpd")
        .args(["-L", "-a", &address, "-s", "-c", "-u", "nobody", "-U", "000"])
        .arg(&folder.0)
        .stdin(Stdio::null())
        .spawn();
    let running = Running(child.expect("tftpd-hpa is installed"));
    wait_for(&address);
    (running, address)
}

fn bytes(length: usize) -> Vec<u8> {
    (0..length).map(|index| (index % 251) as u8 ^ (index / 65_521) as u8).collect()
}

/// With and without options. tftpd-hpa knows blksize, tsize and timeout; windowsize it passes over.
const FLAGS: [&[&str]; 4] = [
    &["-plain"],
    &[],
    &["-blksize", "1428", "-peer-timeout", "2"],
    &["-blksize", "8192", "-windowsize", "16"],
];

fn get(address: &str, flags: &[&str], name: &str, wanted: &[u8]) {
    let output = run("ch06_get", &[flags, &[address, name, "-"]].concat());
    assert_eq!(output.status.code(), Some(0), "{flags:?} {name}: {}", stderr(&output));
    assert!(output.stdout == wanted, "{flags:?} {name}: {} bytes", output.stdout.len());
}

#[test]
#[ignore = "needs in.tftpd"]
fn tftpd_hpa_gives_and_takes_files_of_every_length() {
    let (served, here) = (Folder::new("hpa"), Folder::new("hpa-here"));
    let (_server, address) = tftpd_hpa(&served);
    for (number, flags) in FLAGS.into_iter().enumerate() {
        for length in [0, 1, 511, 512, 513, 1428, 8192, 75_352, 1_000_000] {
            let (name, content) = (format!("{number}-{length}"), bytes(length));
            let local = here.path(&name);
            std::fs::write(&local, &content).unwrap();
            let output = run("ch06_put", &[flags, &[&address[..], &local, &name]].concat());
            assert_eq!(output.status.code(), Some(0), "{flags:?} {name}: {}", stderr(&output));
            get(&address, flags, &name, &content);
        }
    }
}

/// 40 MB are more than 65,535 blocks of 512 bytes: the number wraps.
#[test]
#[ignore = "needs in.tftpd"]
fn forty_megabytes_wrap_the_block_number_in_both_directions() {
    let (served, here) = (Folder::new("wrap"), Folder::new("wrap-here"));
    let (_server, address) = tftpd_hpa(&served);
    let content = bytes(40_000_000);
    let local = here.path("large");
    std::fs::write(&local, &content).unwrap();
    for flags in [&["-plain"][..], &["-blksize", "1428"]] {
        let name = format!("large{}", flags[0]);
        let output = run("ch06_put", &[flags, &[&address[..], &local, &name]].concat());
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        assert!(std::fs::read(served.path(&name)).unwrap() == content);
        get(&address, flags, &name, &content);
    }
}

/// Row 6.19: tftpd-hpa has an option for the number behind 65,535, and our client asks for it. Blocks of 8 bytes.
#[test]
#[ignore = "needs in.tftpd"]
fn tftpd_hpa_goes_on_with_1_where_it_is_asked_to() {
    let (served, here) = (Folder::new("rollover"), Folder::new("rollover-here"));
    let (_server, address) = tftpd_hpa(&served);
    let content = bytes(8 * 65_540 + 3);
    let local = here.path("long");
    std::fs::write(&local, &content).unwrap();
    for flags in [&["-blksize", "8", "-rollover", "1"][..], &["-blksize", "8"]] {
        let name = format!("long-{}", flags.len());
        let output = run("ch06_put", &[flags, &[&address[..], &local, &name]].concat());
        assert_eq!(output.status.code(), Some(0), "{flags:?}: {}", stderr(&output));
        assert!(std::fs::read(served.path(&name)).unwrap() == content, "{flags:?}");
        get(&address, flags, &name, &content);
    }
    // Unasked it goes on with 0: who waits for 1 waits in vain.
    let unasked = ["-plain", "-rollover", "1", "-timeout", "50ms", "-retries", "2"];
    std::fs::write(served.path("longer"), bytes(512 * 65_540)).unwrap();
    let output = run("ch06_get", &[&unasked[..], &[&address, "longer", "-"]].concat());
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    assert_eq!(output.stdout.len(), 512 * 65_535);
}

#[test]
#[ignore = "needs in.tftpd"]
fn text_and_errors_mean_the_same_to_tftpd_hpa() {
    let (served, here) = (Folder::new("text"), Folder::new("text-here"));
    let (_server, address) = tftpd_hpa(&served);
    let text = b"a line\nand\ra carriage return\r\n".repeat(100);
    let local = here.path("text");
    std::fs::write(&local, &text).unwrap();
    let output = run("ch06_put", &["-netascii", &address, &local, "text"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(std::fs::read(served.path("text")).unwrap() == text, "converted on the way and back");
    get(&address, &["-netascii"], "text", &text);
    let missing = run("ch06_get", &[&address, "missing", "-"]);
    assert_eq!(missing.status.code(), Some(11), "{}", stderr(&missing));
}

/// dnsmasq knows blksize, tsize and windowsize, and serves as root on port 69.
#[test]
#[ignore = "needs dnsmasq"]
fn dnsmasq_gives_files_of_every_length() {
    let served = Folder::new("dnsmasq");
    let root = served.0.to_str().unwrap().to_string();
    let child = Command::new("dnsmasq")
        .args(["--conf-file=/dev/null", "--keep-in-foreground", "--port=0", "--enable-tftp", "--user=root"])
        .args(["--listen-address=127.0.0.1", "--bind-interfaces", "--pid-file="])
        .arg(format!("--tftp-root={root}"))
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let _server = Running(child.expect("dnsmasq is installed"));
    wait_for("127.0.0.1");
    for length in [0, 1, 511, 512, 513, 1428, 8192, 75_352, 40_000_000] {
        let (name, content) = (format!("{length}"), bytes(length));
        std::fs::write(served.path(&name), &content).unwrap();
        for flags in FLAGS {
            get("127.0.0.1", flags, &name, &content);
        }
    }
    let missing = run("ch06_get", &["127.0.0.1", "missing", "-"]);
    assert_eq!(missing.status.code(), Some(11), "{}", stderr(&missing));
    let refused = run("ch06_put", &["127.0.0.1", &served.path("1"), "new"]);
    assert!(refused.status.code().is_some_and(|code| code >= 10), "{}", stderr(&refused));
}

/// The first word of each line another tool prints for these files.
fn hashes_of(tool: &str, arguments: &[&str], files: &[String]) -> Vec<String> {
    let output = Command::new(tool).args(arguments).args(files).output().expect("the tool is installed");
    assert!(output.status.success(), "{}", stderr(&output));
    stdout(&output).lines().map(|line| line.split(' ').next().unwrap().to_string()).collect()
}

#[test]
#[ignore = "needs openssl and shasum"]
fn openssl_and_shasum_find_the_same_checksums() {
    let folder = Folder::new("checksums");
    let mut files = Vec::new();
    for length in [0, 1, 111, 112, 127, 128, 129, 65_536, 3_000_000] {
        let path = folder.path(&length.to_string());
        std::fs::write(&path, bytes(length)).unwrap();
        files.push(path);
    }
    let arguments: Vec<&str> = files.iter().map(String::as_str).collect();
    let ours = stdout(&run("ch06_sha512_256", &arguments));
    let ours: Vec<&str> = ours.lines().skip(2).step_by(3).collect();
    assert_eq!(ours, hashes_of("openssl", &["dgst", "-sha512-256", "-r"], &files));
    assert_eq!(ours, hashes_of("shasum", &["-a", "512256"], &files));
}

/// The same transfers against our own server, for what no other server here does: windows agreed on, and put.
#[test]
#[ignore = "takes long"]
fn forty_megabytes_with_windows_come_from_our_own_server() {
    let folder = Folder::new("ours");
    let content = bytes(40_000_000);
    std::fs::write(folder.path("large"), &content).unwrap();
    let root = folder.0.to_str().unwrap().to_string();
    let server = Program::start("ch06_tftp", &["-a", "127.0.0.1:0", "-root", &root, "-write"]);
    let address = server.address().to_string();
    for flags in FLAGS {
        get(&address, flags, "large", &content);
    }
    let ended = server.stop_by("INT");
    assert!(ended.status.success(), "{}", ended.stderr);
}
