//! A service for members of certain groups. Listings 7-14 and 7-16.
//!
//! ```text
//! connect ──▶ whose process? ──▶ which groups? ──┬─ one is allowed ──▶ "Welcome\n",       open until the client leaves
//!                                                └─ none, or unknown ─▶ "Access denied\n", closed
//! ```
//! Ours beside the book: a thread per client, where the book asks the database in its accept loop and one slow answer holds up
//! everybody; a welcome client that leaves is closed, where the book keeps its connection for good; and the mode of the file is said,
//! where the book leaves it to the umask, which on most systems lets no other user connect, whatever group it is in.
//!
//! The file's group and mode alone can do the same with no code: group `staff` and mode 0660 let members of `staff` connect and
//! nobody else but the owner and root. A check in the program is for what a mode cannot say: several groups, another rule for each
//! request, a log of who came.

use std::fmt;
use std::io::{self, Read};
use std::sync::Arc;

use super::creds::{self, CredsError, Peer};
use super::groups::{Accounts, AllowedGroups, Decision, Policy, decide};
use crate::base::cancel::Cancel;
use crate::base::conn::Conn;
use crate::base::log::Logger;
use crate::base::trace;
use crate::ch03_tcp::limits::{Limits, say_last, unless_idle};

/// What a member reads.
pub const WELCOME: &[u8] = b"Welcome\n";
/// What everybody else reads, whatever the reason: it is logged, not told.
pub const DENIED: &[u8] = b"Access denied\n";

/// The service: who is let in, and by which answer.
#[derive(Clone)]
pub struct GroupService {
    /// The groups whose members may come in.
    pub allowed: AllowedGroups,
    /// Which groups of a peer count.
    pub policy: Policy,
    /// The database of users and groups.
    pub accounts: Arc<dyn Accounts>,
    /// How long a client may be silent, and how long it may take to read.
    pub limits: Limits,
    /// Where every decision is written.
    pub log: Logger,
}

impl fmt::Debug for GroupService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GroupService").field("allowed", &self.allowed).field("policy", &self.policy).finish()
    }
}

impl GroupService {
    /// Serves one client, for [`crate::base::serve`]. What a welcome client sends is read and left: the book's service does
    /// nothing yet either.
    ///
    /// # Errors
    /// What reading or writing gives. That the client cannot be identified is no error here: it is denied.
    pub fn handle(&self, mut conn: Box<dyn Conn>, _cancel: &Cancel) -> io::Result<()> {
        if !self.lets_in(&mut *conn)? {
            return say_last(&mut *conn, &self.limits, DENIED);
        }
        self.limits.arm_write(&mut *conn);
        io::Write::write_all(&mut conn, WELCOME)?;
        let mut ignored = [0; 1024];
        loop {
            self.limits.arm_read(&mut *conn);
            match conn.read(&mut ignored) {
                Ok(0) => return Ok(()),
                Ok(_) => {}
                Err(error) => return unless_idle(error),
            }
        }
    }

    /// Whether the client may come in. Anything but a clear yes is a no.
    fn lets_in(&self, conn: &mut dyn Conn) -> io::Result<bool> {
        match self.ask(conn) {
            Ok((peer, decision)) => {
                trace::note(|| format!("{peer}: {decision}"));
                let verdict = if decision.is_welcome() { "welcome" } else { "denied" };
                self.log.println_with(verdict, &[("peer", &peer), ("because", &decision)]);
                Ok(decision.is_welcome())
            }
            Err(error) => {
                self.log.println_with("denied", &[("because", &error)]);
                Ok(false)
            }
        }
    }

    fn ask(&self, conn: &mut dyn Conn) -> Result<(Peer, Decision), CredsError> {
        let unreadable = |source| CredsError::System { what: "socket", source };
        let socket = conn.read_fd().map_err(unreadable)?.ok_or(CredsError::NotLocal)?;
        let peer = creds::peer_of(&socket)?;
        let decision = decide(&socket, &peer, self.policy, &self.allowed, &*self.accounts)?;
        Ok((peer, decision))
    }
}
