//! What the chapter's tests share: named sockets that do not wait for ever.

use crate::support::PATIENCE;
use netprog::base::deadline::Deadline;
use netprog::base::trace;
use netprog::ch05_udp::open_socket::bind;
use std::net::{SocketAddr, UdpSocket};

/// A socket on the loopback that goes by `name` in the trace.
pub fn socket(name: &str) -> UdpSocket {
    let socket = bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    trace::name(&socket.local_addr().unwrap().to_string(), name);
    socket
}

/// Where a socket can be reached.
pub fn address(socket: &UdpSocket) -> SocketAddr {
    socket.local_addr().unwrap()
}

/// Far more time than a loaded machine needs.
pub fn soon() -> Deadline {
    Deadline::after(PATIENCE)
}

/// An address at which nobody is. On Linux all of 127.0.0.0/8 is this host, so it need not be one that the tests beside this
/// one get their ports of.
pub fn nobody() -> SocketAddr {
    let host = if cfg!(target_os = "linux") { "127.77.0.1:0" } else { "127.0.0.1:0" };
    address(&UdpSocket::bind(host).unwrap())
}
