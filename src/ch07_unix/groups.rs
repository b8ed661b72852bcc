//! Which groups a peer is in: three answers to one question. Listing 7-13, second half, and Listing 7-15.
//!
//! ```text
//!                  who is asked                          sudo -g staff nc …       alice, whose process dropped her groups
//! Effective        the process: its effective group      staff                    what it has now
//! Process          the process: that and its further ones  staff and the others   what it has now
//! Account          the database, by the user's number    those of the user        all of alice's
//! ```
//! The book asks the account. Its transcript, however, changes the group of the process by `sudo -g`, which leaves the account as it
//! is: so it cannot end as printed. A process in an allowed group is denied when its account is not in it, and one that gave its
//! groups up is let in when its account is. Here the caller says which answer counts ([`Policy`]).
//!
//! Three rules, all to fail closed: a group that is unknown is logged and skipped; when none is left nobody comes in; and what cannot be told is
//! a no. The service's own group has no privilege.
//!
//! In the book the user's number becomes a character before it is looked up, and so everybody is denied. The file with the groups
//! is `/etc/group`; the book has an `s` too many.

use std::collections::BTreeSet;
use std::fmt;
use std::io;
use std::os::fd::AsFd;
use std::str::FromStr;

use super::creds::{self, CredsError, Peer};
use crate::base::log::Logger;
use crate::base::sys::accounts;

/// The database of users and groups. A trait, so that tests can have one of their own.
pub trait Accounts: Send + Sync {
    /// The number of the group with this name, `None` if there is none.
    ///
    /// # Errors
    /// The database could not be asked, which is not the same.
    fn group(&self, name: &str) -> io::Result<Option<u32>>;

    /// The groups of the user with this number, `None` if there is no such user.
    ///
    /// # Errors
    /// The database could not be asked.
    fn groups_of(&self, user: u32) -> io::Result<Option<Vec<u32>>>;
}

/// The system's own database: `/etc/passwd` and `/etc/group`, or whatever it is told to ask.
#[derive(Clone, Copy, Debug)]
pub struct SystemAccounts;

impl Accounts for SystemAccounts {
    fn group(&self, name: &str) -> io::Result<Option<u32>> {
        accounts::group_by_name(name)
    }

    fn groups_of(&self, user: u32) -> io::Result<Option<Vec<u32>>> {
        match accounts::user_by_id(user)? {
            Some(user) => accounts::groups_of(&user).map(Some),
            None => Ok(None),
        }
    }
}

/// The groups whose members may come in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AllowedGroups {
    numbers: BTreeSet<u32>,
}

impl AllowedGroups {
    /// The groups with these names. One that is unknown, or cannot be looked up, is logged and left out. Listing 7-15.
    pub fn from_names<S: AsRef<str>>(names: &[S], accounts: &dyn Accounts, log: &Logger) -> AllowedGroups {
        let mut numbers = BTreeSet::new();
        for name in names {
            let name = name.as_ref();
            match accounts.group(name) {
                Ok(Some(number)) => {
                    numbers.insert(number);
                }
                Ok(None) => log.println_with("unknown group, left out", &[("group", &name)]),
                Err(error) => {
                    log.println_with(
                        "cannot look the group up, left out",
                        &[("group", &name), ("error", &error)],
                    );
                }
            }
        }
        AllowedGroups { numbers }
    }

    /// The groups with these numbers.
    pub fn from_numbers(numbers: &[u32]) -> AllowedGroups {
        AllowedGroups { numbers: numbers.iter().copied().collect() }
    }

    /// Whether there is none, so that nobody may come in.
    pub fn is_empty(&self) -> bool {
        self.numbers.is_empty()
    }

    /// The first of these that is allowed.
    pub fn first_of(&self, groups: &[u32]) -> Option<u32> {
        groups.iter().copied().find(|group| self.numbers.contains(group))
    }
}

/// Which groups of a peer count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// The effective group of the process that connected.
    Effective,
    /// That, and the further groups of the process. Linux only.
    Process,
    /// The groups its user has by the database, whatever the process has: the book's.
    Account,
}

impl Policy {
    /// All, with their names.
    pub const ALL: [(&'static str, Policy); 3] =
        [("effective", Policy::Effective), ("process", Policy::Process), ("account", Policy::Account)];
}

impl FromStr for Policy {
    type Err = String;

    fn from_str(text: &str) -> Result<Policy, String> {
        for (name, policy) in Policy::ALL {
            if name == text {
                return Ok(policy);
            }
        }
        Err(format!("there is no policy {text:?}: it is effective, process or account"))
    }
}

/// What was decided about a peer, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It comes in, as a member of this group.
    Welcome {
        /// The group.
        group: u32,
    },
    /// It is in none of the groups.
    NoMember,
    /// No group is allowed at all.
    NobodyAllowed,
    /// The database does not know its user.
    UnknownUser,
}

impl Decision {
    /// Whether the peer comes in.
    pub fn is_welcome(self) -> bool {
        matches!(self, Decision::Welcome { .. })
    }
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Decision::Welcome { group } => write!(f, "a member of group {group}"),
            Decision::NoMember => write!(f, "in none of the allowed groups"),
            Decision::NobodyAllowed => write!(f, "no group is allowed"),
            Decision::UnknownUser => write!(f, "its user is not in the database"),
        }
    }
}

/// Decides about the peer of a connected Unix domain socket: Listing 7-13's `Allowed`.
///
/// # Errors
/// [`CredsError`] when the peer's groups cannot be told. It is for the caller to deny.
pub fn decide(
    socket: &impl AsFd,
    peer: &Peer,
    policy: Policy,
    allowed: &AllowedGroups,
    accounts: &dyn Accounts,
) -> Result<Decision, CredsError> {
    if allowed.is_empty() {
        return Ok(Decision::NobodyAllowed);
    }
    let groups = match policy {
        Policy::Effective => vec![peer.group],
        Policy::Process => {
            let mut groups = vec![peer.group];
            groups.extend(creds::peer_groups(socket)?);
            groups
        }
        Policy::Account => {
            let found = accounts.groups_of(peer.user);
            match found.map_err(|source| CredsError::System { what: "account", source })? {
                Some(groups) => groups,
                None => return Ok(Decision::UnknownUser),
            }
        }
    };
    Ok(match allowed.first_of(&groups) {
        Some(group) => Decision::Welcome { group },
        None => Decision::NoMember,
    })
}
