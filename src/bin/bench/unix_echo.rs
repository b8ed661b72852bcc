//! Round trips over each type of Unix domain socket, and over TCP loopback beside them: the book's comparison.
//!
//! The server is the program of the chapter, the client one thread with one message under way.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::Instant;

use netprog::ch07_unix::datagram;
use netprog::ch07_unix::socket_file::Access;

use crate::Load;
use crate::echo;
use crate::scratch::Scratch;
use crate::server::{Kept, Side, keep, ours};

/// What one round trip is made of: sends the message, receives the answer into the buffer.
type Trip<'a> = &'a mut dyn FnMut(&[u8], &mut [u8]) -> std::io::Result<()>;

/// The answer must come whole: each type keeps it together, or is read until it is.
fn round_trips(load: &Load, trip: Trip<'_>) -> Result<f64, String> {
    let message = vec![b'x'; load.size];
    let mut answer = vec![0; load.size];
    let begin = Instant::now();
    let mut count = 0u64;
    while begin.elapsed() < load.length {
        // The clock is read once for so many, or it would be part of what is measured.
        for _ in 0..64 {
            trip(&message, &mut answer).map_err(|error| format!("round trip {count}: {error}"))?;
            count += 1;
        }
    }
    Ok(count as f64 / begin.elapsed().as_secs_f64())
}

/// Our server of one type on a socket file.
struct UnixServer {
    _child: Kept,
    path: PathBuf,
    place: Scratch,
}

impl UnixServer {
    fn start(kind: &str) -> Result<UnixServer, String> {
        let place = Scratch::new()?;
        let path = place.file("echo.sock");
        let (child, output) = keep(ours("ch07_echo").args(["-type", kind]).arg(&path))?;
        let mut line = String::new();
        let _ = BufReader::new(output).read_line(&mut line);
        let server = UnixServer { _child: child, path, place };
        if line.contains("listening on ") { Ok(server) } else { Err("ch07_echo does not listen".to_string()) }
    }
}

fn stream_trips(load: &Load, mut stream: impl Read + Write) -> Result<f64, String> {
    round_trips(load, &mut |message, answer| {
        stream.write_all(message)?;
        stream.read_exact(answer)
    })
}

/// Over TCP, with the same client.
pub fn tcp(load: &Load, side: &Side) -> Result<f64, String> {
    let server = side.start_echo()?;
    let stream: TcpStream = echo::connect(server.address()).map_err(|error| error.to_string())?;
    stream_trips(load, stream)
}

/// Over a stream socket.
pub fn stream(load: &Load, _side: &Side) -> Result<f64, String> {
    let server = UnixServer::start("stream")?;
    stream_trips(load, UnixStream::connect(&server.path).map_err(|error| error.to_string())?)
}

/// Over datagrams.
pub fn datagram(load: &Load, _side: &Side) -> Result<f64, String> {
    let server = UnixServer::start("datagram")?;
    let bound = datagram::bind(&server.place.file("client.sock"), Access::default());
    let (socket, _file) = bound.map_err(|error| error.to_string())?;
    socket.connect(&server.path).map_err(|error| error.to_string())?;
    round_trips(load, &mut |message, answer| {
        socket.send(message)?;
        whole(socket.recv(answer)?, message.len())
    })
}

/// Over records.
pub fn seqpacket(load: &Load, _side: &Side) -> Result<f64, String> {
    #[cfg(target_os = "linux")]
    {
        use netprog::ch07_unix::seqpacket::{Received, Records};
        let server = UnixServer::start("seqpacket")?;
        let records = Records::connect(&server.path).map_err(|error| error.to_string())?;
        round_trips(load, &mut |message, answer| {
            records.send(message)?;
            match records.receive(answer)? {
                Received::Record { whole: length, .. } => whole(length, message.len()),
                Received::End => whole(0, message.len()),
            }
        })
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = load;
        Err("sequenced packets are there on Linux only".to_string())
    }
}

fn whole(came: usize, wanted: usize) -> std::io::Result<()> {
    if came == wanted { Ok(()) } else { Err(std::io::ErrorKind::UnexpectedEof.into()) }
}
