//! What a connection needs of a stream socket, whatever its family.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
#[cfg(unix)]
use std::os::fd::{AsFd, BorrowedFd};
#[cfg(unix)]
use std::os::unix::net::UnixStream;
use std::time::Duration;

#[cfg(unix)]
use crate::base::sys;

/// What TCP streams and Unix streams have in common, word for word, in the standard library.
pub trait Socket: Send + Sync + 'static {
    /// See [`TcpStream::set_read_timeout`].
    fn set_read_timeout(&self, timeout: Option<Duration>) -> io::Result<()>;
    /// See [`TcpStream::set_write_timeout`].
    fn set_write_timeout(&self, timeout: Option<Duration>) -> io::Result<()>;
    /// See [`TcpStream::shutdown`].
    fn shutdown(&self, how: Shutdown) -> io::Result<()>;
    /// One call of the system's read.
    fn read_once(&self, buf: &mut [u8]) -> io::Result<usize>;
    /// One call of the system's write.
    fn write_once(&self, buf: &[u8]) -> io::Result<usize>;
    /// Breaks the connection off with a RST, where there is such a thing.
    fn reset(&self) -> io::Result<()> {
        self.shutdown(Shutdown::Both)
    }
    /// The stream as TCP, if it is.
    fn as_tcp(&self) -> Option<&TcpStream> {
        None
    }
    /// The descriptor.
    #[cfg(unix)]
    fn fd(&self) -> BorrowedFd<'_>;
}

impl Socket for TcpStream {
    fn set_read_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        TcpStream::set_read_timeout(self, timeout)
    }
    fn set_write_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        TcpStream::set_write_timeout(self, timeout)
    }
    fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        TcpStream::shutdown(self, how)
    }
    fn read_once(&self, buf: &mut [u8]) -> io::Result<usize> {
        let mut stream = self;
        stream.read(buf)
    }
    fn write_once(&self, buf: &[u8]) -> io::Result<usize> {
        let mut stream = self;
        stream.write(buf)
    }
    #[cfg(unix)]
    fn reset(&self) -> io::Result<()> {
        sys::socket::reset(self).or_else(|_| {
            // Where a connection cannot be taken back, it is at least shut, and closing it then sends the RST.
            sys::options::set_linger(self, Some(Duration::ZERO))?;
            TcpStream::shutdown(self, Shutdown::Both)
        })
    }
    fn as_tcp(&self) -> Option<&TcpStream> {
        Some(self)
    }
    #[cfg(unix)]
    fn fd(&self) -> BorrowedFd<'_> {
        self.as_fd()
    }
}

#[cfg(unix)]
impl Socket for UnixStream {
    fn set_read_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        UnixStream::set_read_timeout(self, timeout)
    }
    fn set_write_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        UnixStream::set_write_timeout(self, timeout)
    }
    fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        UnixStream::shutdown(self, how)
    }
    fn read_once(&self, buf: &mut [u8]) -> io::Result<usize> {
        let mut stream = self;
        stream.read(buf)
    }
    fn write_once(&self, buf: &[u8]) -> io::Result<usize> {
        let mut stream = self;
        stream.write(buf)
    }
    fn fd(&self) -> BorrowedFd<'_> {
        self.as_fd()
    }
}
