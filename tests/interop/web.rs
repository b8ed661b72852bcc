//! Other people's web servers and proxies, each in a directory of its own, at a port of the system's choice.

use std::fs;
use std::net::{Ipv4Addr, Ipv6Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use netprog::base::random::{self, Seeded};

use crate::support::{PATIENCE, output_of, stdout};

/// Starts tried before a test gives up: somebody else may take the port between our look and the server's start.
const TRIES: usize = 5;

/// A server that runs until it is dropped, and its directory, which goes with it.
pub struct Web {
    child: Child,
    folder: PathBuf,
    port: u16,
}

impl Web {
    /// Writes `settings` of a port and a directory to a file `settings` in the latter, and starts `command` there.
    fn start(command: &[&str], settings: impl Fn(u16, &Path) -> String) -> Web {
        let folder = std::env::temp_dir().join(format!("netprog-web-{:016x}", random::u64().unwrap()));
        fill(&folder.join("root"));
        for _ in 0..TRIES {
            let port = free_port();
            fs::write(folder.join("settings"), settings(port, &folder)).unwrap();
            let child = Command::new(command[0])
                .args(&command[1..])
                .current_dir(&folder)
                .env("HOME", &folder)
                .env("XDG_DATA_HOME", &folder)
                .env("XDG_CONFIG_HOME", &folder)
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(fs::File::create(folder.join("errors")).unwrap())
                .spawn()
                .unwrap_or_else(|error| panic!("{}: {error}", command[0]));
            let mut web = Web { child, folder: folder.clone(), port };
            if web.listens() {
                return web;
            }
            // Its directory stays for the next try.
            web.folder = PathBuf::new();
        }
        panic!(
            "{} does not listen: {}",
            command[0],
            fs::read_to_string(folder.join("errors")).unwrap_or_default()
        );
    }

    fn listens(&mut self) -> bool {
        let begin = Instant::now();
        while begin.elapsed() < PATIENCE {
            if self.child.try_wait().unwrap().is_some() {
                return false;
            }
            if TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_ok() {
                return true;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        false
    }

    /// nginx with these directives in its server, one a line. `ROOT` is its directory for files.
    pub fn nginx(server: &str) -> Web {
        Web::start(&["nginx", "-p", ".", "-c", "settings", "-e", "errors"], |port, folder| {
            let server = server.replace("ROOT", &folder.join("root").display().to_string());
            let listen6 = if has_ipv6() { format!("listen [::1]:{port};") } else { String::new() };
            format!(
                "daemon off; master_process off; pid pid; error_log errors; events {{}}\n\
                 http {{ access_log off; client_body_temp_path a; proxy_temp_path b; fastcgi_temp_path c;\n\
                 uwsgi_temp_path d; scgi_temp_path e; types {{ text/html html; text/plain txt; }}\n\
                 server {{ listen 127.0.0.1:{port}; {listen6} root {};\n{server}\n}} }}\n",
                folder.join("root").display(),
            )
        })
    }

    /// Caddy with these directives for its one site.
    pub fn caddy(site: &str) -> Web {
        Web::start(&["caddy", "run", "--config", "settings", "--adapter", "caddyfile"], |port, folder| {
            format!(
                "{{\nadmin off\nauto_https off\n}}\nhttp://:{port} {{\nbind 127.0.0.1\nroot * {}\n{site}\nfile_server\n}}\n",
                folder.join("root").display(),
            )
        })
    }

    /// tinyproxy, for `u` with the password `p`.
    pub fn tinyproxy() -> Web {
        Web::start(&["tinyproxy", "-d", "-c", "settings"], |port, _| {
            format!(
                "Port {port}\nListen 127.0.0.1\nTimeout 60\nAllow 127.0.0.1\nBasicAuth u p\nLogLevel Critical\n"
            )
        })
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// A file in its directory for files.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.join("root").join(name)
    }
}

impl Drop for Web {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if !self.folder.as_os_str().is_empty() {
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

/// What `data.bin` holds.
pub fn data() -> Vec<u8> {
    let mut bytes = vec![0; 100_000];
    Seeded::new(8).fill(&mut bytes);
    bytes
}

/// What `long.txt` holds.
pub fn long_text() -> String {
    (0..5000).map(|number| format!("line {number}\n")).collect()
}

fn fill(root: &Path) {
    for folder in ["private", "dav", "small", "sub"] {
        fs::create_dir_all(root.join(folder)).unwrap();
    }
    fs::write(root.join("hello.txt"), "0123456789").unwrap();
    fs::write(root.join("empty.txt"), "").unwrap();
    fs::write(root.join("data.bin"), data()).unwrap();
    fs::write(root.join("long.txt"), long_text()).unwrap();
    fs::write(root.join("page.html"), long_text()).unwrap();
    fs::write(root.join("private/secret.txt"), "secret").unwrap();
    // `openssl passwd -apr1 p`, which nginx reads; the password is "p:ä".
    let hash = Command::new("openssl").args(["passwd", "-apr1", "p:ä"]).stdout(Stdio::piped()).spawn();
    let hash = stdout(&output_of(hash.expect("openssl")));
    fs::write(root.join("../users"), format!("user:{hash}")).unwrap();
}

fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

pub fn has_ipv6() -> bool {
    TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_ok()
}
