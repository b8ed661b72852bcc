//! Messages with what travels beside their bytes: descriptors, and the mark that a record came.

use std::io;
use std::mem;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::ptr;

use super::{check, check_size};

/// How many descriptors one message may carry on Linux (`SCM_MAX_FD`).
pub const MOST_DESCRIPTORS: usize = 253;

/// Room for the control data of that many descriptors and a timestamp, aligned for its headers.
const CONTROL_WORDS: usize = 160;

/// What one `recvmsg` gave.
#[derive(Debug)]
pub struct Message {
    /// Bytes put into the buffer.
    pub length: usize,
    /// The length of the record or datagram; on Linux what did not fit is counted too.
    pub whole: usize,
    /// Whether bytes were thrown away for want of room.
    pub truncated: bool,
    /// Whether control data was thrown away for want of room.
    pub control_truncated: bool,
    /// Whether there was a timestamp, which comes with every record after [`mark_records`], be it empty, and never with
    /// the end.
    pub marked: bool,
    /// The descriptors that came.
    pub descriptors: Vec<OwnedFd>,
}

/// Receives one message, and descriptors if `most_descriptors` is not zero. Those that come are ours and close on `exec`.
///
/// # Errors
/// The system's.
pub fn receive(socket: &impl AsFd, buffer: &mut [u8], most_descriptors: usize) -> io::Result<Message> {
    receive_with(socket, buffer, control_room(most_descriptors), RECEIVE_FLAGS)
}

/// MSG_CMSG_CLOEXEC closes the descriptors on `exec` with the call that makes them, so that no `fork` comes between.
#[cfg(target_os = "linux")]
const RECEIVE_FLAGS: libc::c_int = libc::MSG_CMSG_CLOEXEC;
#[cfg(not(target_os = "linux"))]
const RECEIVE_FLAGS: libc::c_int = 0;

/// The same for a socket that keeps records apart: [`Message::whole`] is then the record's length even beyond the buffer.
/// On a stream the flag that asks for it would mean something else. Descriptors that come are in the message too.
///
/// # Errors
/// The system's.
#[cfg(target_os = "linux")]
pub fn receive_record(socket: &impl AsFd, buffer: &mut [u8]) -> io::Result<Message> {
    receive_with(socket, buffer, CONTROL_WORDS * size_of::<u64>(), RECEIVE_FLAGS | libc::MSG_TRUNC)
}

fn receive_with(
    socket: &impl AsFd,
    buffer: &mut [u8],
    control_bytes: usize,
    flags: libc::c_int,
) -> io::Result<Message> {
    let mut control = [0u64; CONTROL_WORDS];
    let mut part = libc::iovec { iov_base: buffer.as_mut_ptr().cast(), iov_len: buffer.len() };
    // SAFETY: msghdr is plain numbers and pointers, for which all zero bytes are a value.
    let mut header: libc::msghdr = unsafe { mem::zeroed() };
    header.msg_iov = &raw mut part;
    header.msg_iovlen = 1;
    header.msg_control = control.as_mut_ptr().cast();
    header.msg_controllen = control_bytes.min(size_of_val(&control)) as _;
    let fd = socket.as_fd().as_raw_fd();
    // SAFETY: the header points to `part`, which describes `buffer`, and to `control`, with lengths not above theirs; all
    // outlive the call, and so does the descriptor by its borrow.
    let whole = check_size(unsafe { libc::recvmsg(fd, &raw mut header, flags) })?;
    let (descriptors, marked) = contents(&header);
    #[cfg(not(target_os = "linux"))]
    for descriptor in &descriptors {
        super::local::close_on_exec(descriptor)?;
    }
    Ok(Message {
        length: whole.min(buffer.len()),
        whole,
        truncated: header.msg_flags & libc::MSG_TRUNC != 0,
        control_truncated: header.msg_flags & libc::MSG_CTRUNC != 0,
        marked,
        descriptors,
    })
}

/// Sends bytes, and descriptors beside them: how many bytes went. The receiver gets descriptors of its own for the same
/// open files.
///
/// # Errors
/// [`io::ErrorKind::InvalidInput`] for more than [`MOST_DESCRIPTORS`], or for none of the bytes they travel with; the
/// system's.
pub fn send(socket: &impl AsFd, bytes: &[u8], descriptors: &[BorrowedFd<'_>]) -> io::Result<usize> {
    if descriptors.len() > MOST_DESCRIPTORS || (bytes.is_empty() && !descriptors.is_empty()) {
        let message = "a message carries at most 253 descriptors, and a byte at least to carry them";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
    }
    let mut control = [0u64; CONTROL_WORDS];
    let mut part = libc::iovec { iov_base: bytes.as_ptr().cast_mut().cast(), iov_len: bytes.len() };
    // SAFETY: msghdr is plain numbers and pointers, for which all zero bytes are a value.
    let mut header: libc::msghdr = unsafe { mem::zeroed() };
    header.msg_iov = &raw mut part;
    header.msg_iovlen = 1;
    if !descriptors.is_empty() {
        header.msg_control = control.as_mut_ptr().cast();
        header.msg_controllen = control_room(descriptors.len()) as _;
        put_descriptors(&header, descriptors);
    }
    let fd = socket.as_fd().as_raw_fd();
    // SAFETY: the header points to `part`, which describes `bytes` (sendmsg only reads them), and to `control`, with a
    // length not above its own; all outlive the call, and so do the descriptors by their borrows.
    check_size(unsafe { libc::sendmsg(fd, &raw const header, NO_SIGNAL) })
}

#[cfg(target_os = "linux")]
const NO_SIGNAL: libc::c_int = libc::MSG_NOSIGNAL;
#[cfg(not(target_os = "linux"))]
const NO_SIGNAL: libc::c_int = 0;

/// Bytes of control data for `count` descriptors. Its padding has room for one more where the count is odd, so more than
/// were asked for may come.
fn control_room(count: usize) -> usize {
    let count = count.min(MOST_DESCRIPTORS);
    if count == 0 {
        return 0;
    }
    let bytes = (count * size_of::<RawFd>()) as libc::c_uint;
    // SAFETY: CMSG_SPACE only calculates.
    let room = unsafe { libc::CMSG_SPACE(bytes) } as usize;
    room.min(CONTROL_WORDS * size_of::<u64>())
}

fn put_descriptors(header: &libc::msghdr, descriptors: &[BorrowedFd<'_>]) {
    let bytes = size_of_val(descriptors) as libc::c_uint;
    // SAFETY: the header's control data has room for `control_room(descriptors.len())` bytes, so its first entry is not
    // null, and all numbers fit behind it; they need not be aligned.
    unsafe {
        let first = libc::CMSG_FIRSTHDR(header);
        (*first).cmsg_level = libc::SOL_SOCKET;
        (*first).cmsg_type = libc::SCM_RIGHTS;
        (*first).cmsg_len = libc::CMSG_LEN(bytes) as _;
        let mut target = libc::CMSG_DATA(first).cast::<RawFd>();
        for descriptor in descriptors {
            ptr::write_unaligned(target, descriptor.as_raw_fd());
            target = target.add(1);
        }
    }
}

/// The descriptors in the control data, and whether a timestamp is in it. Every descriptor is taken, for what is not taken
/// stays open without an owner.
fn contents(header: &libc::msghdr) -> (Vec<OwnedFd>, bool) {
    let mut descriptors = Vec::new();
    let mut marked = false;
    // SAFETY: recvmsg has filled the control data and set its length; CMSG_FIRSTHDR and CMSG_NXTHDR stay within it, and
    // give null at its end.
    let mut entry = unsafe { libc::CMSG_FIRSTHDR(header) };
    while !entry.is_null() {
        // SAFETY: the entry is not null, so it lies within the control data, which is aligned for it.
        let (level, kind, length) =
            unsafe { ((*entry).cmsg_level, (*entry).cmsg_type, (*entry).cmsg_len as usize) };
        // SAFETY: CMSG_LEN only calculates.
        let bytes = length.saturating_sub(unsafe { libc::CMSG_LEN(0) } as usize);
        if (level, kind) == (libc::SOL_SOCKET, libc::SCM_RIGHTS) {
            for index in 0..bytes / size_of::<RawFd>() {
                // SAFETY: the kernel wrote that many descriptors behind the entry, aligned for none.
                let number =
                    unsafe { ptr::read_unaligned(libc::CMSG_DATA(entry).cast::<RawFd>().add(index)) };
                // SAFETY: each is fresh and nobody else owns it.
                descriptors.push(unsafe { OwnedFd::from_raw_fd(number) });
            }
        } else if (level, kind) == (libc::SOL_SOCKET, libc::SCM_TIMESTAMP) {
            marked = true;
        }
        // SAFETY: as for the first.
        entry = unsafe { libc::CMSG_NXTHDR(header, entry) };
    }
    (descriptors, marked)
}

/// From now on every record that comes has a timestamp beside it, and so an empty one differs from the end of the
/// connection: [`Message::marked`].
///
/// # Errors
/// The system's.
pub fn mark_records(socket: &impl AsFd) -> io::Result<()> {
    let on: libc::c_int = 1;
    let length = size_of::<libc::c_int>() as libc::socklen_t;
    let fd = socket.as_fd().as_raw_fd();
    // SAFETY: pointer and length describe `on`, which outlives the call.
    check(unsafe {
        libc::setsockopt(fd, libc::SOL_SOCKET, libc::SO_TIMESTAMP, (&raw const on).cast(), length)
    })?;
    Ok(())
}
