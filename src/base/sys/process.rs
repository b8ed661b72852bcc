//! Limits and identity of this process.

use std::ffi::CString;
use std::io;

use super::check;

/// How many descriptors this process may hold: the limit in force, and how far it may be raised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DescriptorLimit {
    /// The limit in force (`ulimit -n`).
    pub soft: u64,
    /// The most the limit can be set to.
    pub hard: u64,
}

/// The limit on descriptors.
///
/// # Errors
/// The system's.
pub fn descriptor_limit() -> io::Result<DescriptorLimit> {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: getrlimit writes one rlimit, for which `limit` has room.
    check(unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) })?;
    Ok(DescriptorLimit { soft: limit.rlim_cur, hard: limit.rlim_max })
}

/// Sets the limit in force, up to the hard one. It holds for the whole process at once.
///
/// # Errors
/// The system's: [`io::ErrorKind::InvalidInput`] above the hard limit.
pub fn set_descriptor_limit(soft: u64) -> io::Result<()> {
    let hard = descriptor_limit()?.hard;
    let limit = libc::rlimit { rlim_cur: soft, rlim_max: hard };
    // SAFETY: setrlimit reads one rlimit, which outlives the call.
    check(unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit) })?;
    Ok(())
}

/// Whether this process acts as root, who may bind ports below 1024.
pub fn is_root() -> bool {
    // SAFETY: geteuid takes nothing and cannot fail.
    unsafe { libc::geteuid() == 0 }
}

/// Raises the limit in force to the hard one, as Go's runtime does when it starts: the low default is for programs that
/// use `select`, which none here does.
///
/// # Errors
/// The system's.
pub fn raise_descriptor_limit() -> io::Result<()> {
    set_descriptor_limit(descriptor_limit()?.hard)
}

/// Names this thread for debuggers and `top`. A name with a zero byte, or one the system finds too long, changes nothing.
pub fn name_this_thread(name: &str) {
    let Ok(name) = CString::new(name) else { return };
    // SAFETY: the name is ended by a zero and outlives the call, which copies it.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    let _ = unsafe { libc::prctl(libc::PR_SET_NAME, name.as_ptr()) };
    // SAFETY: as above.
    #[cfg(any(target_os = "macos", target_os = "ios"))]
    let _ = unsafe { libc::pthread_setname_np(name.as_ptr()) };
    #[cfg(not(any(target_os = "linux", target_os = "android", target_os = "macos", target_os = "ios")))]
    drop(name);
}
