//! Users and groups as the system's database knows them, be it `/etc/passwd` and `/etc/group` or a directory service.

use std::ffi::{CStr, CString};
use std::io;
use std::mem;
use std::ptr;

/// A user's entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The name people log in with.
    pub name: CString,
    /// The number.
    pub id: u32,
    /// The group new processes of the user have.
    pub group: u32,
}

/// Where a buffer begins, and where an entry that does not fit is no entry any more.
const FIRST_BUFFER: usize = 1 << 10;
const LARGEST_BUFFER: usize = 1 << 24;

/// The user with this number, `None` if there is none.
///
/// # Errors
/// The system's: the database could not be asked. That is not the same as "no such user".
pub fn user_by_id(id: u32) -> io::Result<Option<User>> {
    with_growing_buffer(|buffer| {
        // SAFETY: passwd is numbers and pointers, for which all zero bytes are a value.
        let mut entry: libc::passwd = unsafe { mem::zeroed() };
        let mut found = ptr::null_mut();
        // SAFETY: the call fills `entry`, whose pointers then point into `buffer`, and sets `found` to it or to null.
        let code = unsafe {
            libc::getpwuid_r(id, &raw mut entry, buffer.as_mut_ptr(), buffer.len(), &raw mut found)
        };
        if code != 0 || found.is_null() {
            return (code, None);
        }
        // SAFETY: found, so the name is a string ended by a zero in `buffer`, which is still there.
        let name = unsafe { CStr::from_ptr(entry.pw_name) }.to_owned();
        (0, Some(User { name, id: entry.pw_uid, group: entry.pw_gid }))
    })
}

/// The number of the group with this name, `None` if there is none.
///
/// # Errors
/// [`io::ErrorKind::InvalidInput`] for a name with a zero byte; the system's when the database could not be asked.
pub fn group_by_name(name: &str) -> io::Result<Option<u32>> {
    let name = CString::new(name)?;
    with_growing_buffer(|buffer| {
        // SAFETY: group is numbers and pointers, for which all zero bytes are a value.
        let mut entry: libc::group = unsafe { mem::zeroed() };
        let mut found = ptr::null_mut();
        // SAFETY: the name is ended by a zero; the call fills `entry` and sets `found` to it or to null.
        let code = unsafe {
            libc::getgrnam_r(name.as_ptr(), &raw mut entry, buffer.as_mut_ptr(), buffer.len(), &raw mut found)
        };
        if code != 0 || found.is_null() { (code, None) } else { (0, Some(entry.gr_gid)) }
    })
}

/// Calls until the buffer is large enough. POSIX lets the call say "not found" by some error numbers too.
fn with_growing_buffer<T>(
    mut call: impl FnMut(&mut [libc::c_char]) -> (libc::c_int, Option<T>),
) -> io::Result<Option<T>> {
    let mut room = FIRST_BUFFER;
    loop {
        let mut buffer = vec![0; room];
        match call(&mut buffer) {
            (0, found) => return Ok(found),
            (libc::ERANGE, _) if room < LARGEST_BUFFER => room *= 2,
            (libc::EINTR, _) => {}
            (libc::ENOENT | libc::ESRCH, _) => return Ok(None),
            (code, _) => return Err(io::Error::from_raw_os_error(code)),
        }
    }
}

/// The groups that the database gives a user, the user's own `group` among them.
///
/// # Errors
/// [`io::ErrorKind::InvalidData`] if they are more than any process may have.
#[allow(clippy::unnecessary_cast)] // Groups are signed on macOS.
pub fn groups_of(user: &User) -> io::Result<Vec<u32>> {
    let mut room: libc::c_int = 32;
    loop {
        let mut groups = vec![0 as GroupNumber; room as usize];
        let mut count = room;
        // SAFETY: the name is ended by a zero; the call writes at most `count` numbers, for which there is room.
        let fits = unsafe {
            libc::getgrouplist(
                user.name.as_ptr(),
                user.group as GroupNumber,
                groups.as_mut_ptr(),
                &raw mut count,
            )
        };
        if fits >= 0 {
            groups.truncate(usize::try_from(count).unwrap_or_default());
            return Ok(groups.into_iter().map(|group| group as u32).collect());
        }
        if room > MOST_GROUPS {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "a user in more groups than there can be",
            ));
        }
        // Linux says how many there are, others do not.
        room = count.max(room * 2);
    }
}

const MOST_GROUPS: libc::c_int = 65_536;

#[cfg(any(target_os = "macos", target_os = "ios"))]
type GroupNumber = libc::c_int;
#[cfg(not(any(target_os = "macos", target_os = "ios")))]
type GroupNumber = libc::gid_t;

/// This process's effective user and group.
pub fn effective_ids() -> (u32, u32) {
    // SAFETY: both take nothing and cannot fail.
    unsafe { (libc::geteuid(), libc::getegid()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_is_user_0_in_every_database() {
        let root = user_by_id(0).unwrap().expect("there is a root");
        assert_eq!((root.name.to_str(), root.id, root.group), (Ok("root"), 0, 0));
        assert!(groups_of(&root).unwrap().contains(&0));
    }

    #[test]
    fn nobody_has_the_last_number_and_no_group_has_this_name() {
        assert_eq!(user_by_id(u32::MAX - 7).unwrap(), None);
        assert_eq!(group_by_name("no-such-group-here").unwrap(), None);
        assert_eq!(group_by_name("").unwrap(), None);
        assert!(group_by_name("a\0b").is_err());
    }

    #[test]
    fn a_buffer_that_is_too_small_grows_until_the_entry_fits() {
        let mut rooms = Vec::new();
        let found = with_growing_buffer(|buffer| {
            rooms.push(buffer.len());
            if buffer.len() < 5000 { (libc::ERANGE, None) } else { (0, Some(7)) }
        });
        assert_eq!(found.unwrap(), Some(7));
        assert_eq!(rooms, [1024, 2048, 4096, 8192]);
        let endless = with_growing_buffer::<()>(|_| (libc::ERANGE, None)).unwrap_err();
        assert_eq!(endless.raw_os_error(), Some(libc::ERANGE));
    }
}
