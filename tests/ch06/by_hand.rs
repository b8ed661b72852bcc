//! A server to ask, and a client that does what a test says, packet by packet, and nothing by itself.

use std::fs;
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::path::PathBuf;
use std::time::Duration;

use netprog::base::log::{self, Logger};
use netprog::base::random::Seeded;
use netprog::ch06_tftp::error::ErrorCode;
use netprog::ch06_tftp::files::{Directory, Files};
use netprog::ch06_tftp::packet::{Mode, Packet, Request};
use netprog::ch06_tftp::server::{Running, Server, ServerConfig};
use netprog::ch06_tftp::timing::Timing;

pub const PATIENCE: Duration = Duration::from_secs(20);

pub fn quiet() -> Logger {
    Logger::new(Box::new(io::sink()), "", log::NONE)
}

pub fn bytes(length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    Seeded::new(length as u64).fill(&mut bytes);
    bytes
}

pub fn config(files: Files) -> ServerConfig {
    let mut config = ServerConfig::new(files, quiet());
    // Long enough that nothing is sent twice because this machine was busy.
    config.timing = Timing::starting_at(Duration::from_secs(10), 3);
    config
}

pub fn start(config: ServerConfig) -> Running {
    Server::bind(SocketAddr::from(([127, 0, 0, 1], 0)), config).unwrap().start().unwrap()
}

pub fn payload_server(length: usize) -> Running {
    start(config(Files::Payload(bytes(length).into())))
}

/// A directory of its own that goes with the test.
pub struct Root(pub PathBuf);

impl Root {
    pub fn new(name: &str) -> Root {
        let path = std::env::temp_dir().join(format!("netprog-ch06-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Root(path)
    }

    pub fn server(&self, may_write: bool, largest: u64) -> Running {
        start(config(Files::Directory(Directory::new(&self.0, may_write, largest).unwrap())))
    }

    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(&self.0)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }
}

impl Drop for Root {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A client that does what the test says and nothing by itself.
pub struct Client {
    socket: UdpSocket,
    server: SocketAddr,
    /// The port of the transfer, once it has answered.
    pub transfer: Option<SocketAddr>,
    buffer: Vec<u8>,
}

impl Client {
    pub fn of(server: SocketAddr) -> Client {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        Client { socket, server, transfer: None, buffer: vec![0; 65536] }
    }

    pub fn say(&self, packet: &Packet<'_>) {
        self.say_bytes(&packet.encode().unwrap());
    }

    pub fn say_bytes(&self, bytes: &[u8]) {
        self.socket.send_to(bytes, self.transfer.unwrap_or(self.server)).unwrap();
    }

    pub fn ask(&self, name: &[u8], options: &[(&str, &str)]) {
        self.say(&Packet::Rrq(request(name, options)));
    }

    pub fn offer(&self, name: &[u8], options: &[(&str, &str)]) {
        self.say(&Packet::Wrq(request(name, options)));
    }

    pub fn ack(&self, block: u16) {
        self.say(&Packet::Ack { block });
    }

    pub fn hear(&mut self) -> Packet<'_> {
        let (length, from) = self.socket.recv_from(&mut self.buffer).unwrap();
        assert_eq!(*self.transfer.get_or_insert(from), from, "one transfer, one port");
        Packet::decode(&self.buffer[..length]).unwrap()
    }

    pub fn hears_error(&mut self, expected: ErrorCode) {
        match self.hear() {
            Packet::Error { code, .. } => assert_eq!(code, expected),
            other => panic!("{other:?}"),
        }
    }

    pub fn hears_data(&mut self, expected: u16) -> Vec<u8> {
        match self.hear() {
            Packet::Data { block, payload } if block == expected => payload.to_vec(),
            other => panic!("not DATA {expected}: {other:?}"),
        }
    }

    /// Nothing comes for a moment.
    pub fn hears_nothing(&mut self) {
        self.socket.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
        let heard = self.socket.recv_from(&mut self.buffer);
        assert!(heard.is_err(), "{:?}", Packet::decode(&self.buffer[..heard.unwrap().0]));
        self.socket.set_read_timeout(Some(PATIENCE)).unwrap();
    }

    /// A whole read in lockstep.
    pub fn get(&mut self, name: &[u8]) -> Vec<u8> {
        self.ask(name, &[]);
        let mut file = Vec::new();
        let mut block = 1u16;
        loop {
            let part = self.hears_data(block);
            file.extend_from_slice(&part);
            self.ack(block);
            if part.len() < 512 {
                return file;
            }
            block = block.wrapping_add(1);
        }
    }

    /// A whole write in lockstep.
    pub fn put(&mut self, name: &[u8], file: &[u8]) {
        self.offer(name, &[]);
        assert_eq!(self.hear(), Packet::Ack { block: 0 });
        let mut block = 0u16;
        for start in (0..=file.len()).step_by(512) {
            block = block.wrapping_add(1);
            self.say(&Packet::Data { block, payload: &file[start..file.len().min(start + 512)] });
            assert_eq!(self.hear(), Packet::Ack { block });
        }
    }
}

pub fn request(name: &[u8], options: &[(&str, &str)]) -> Request {
    let mut request = Request::new(name, Mode::Octet);
    for (name, value) in options {
        request.options.push((name.as_bytes().to_vec(), value.as_bytes().to_vec()));
    }
    request
}
