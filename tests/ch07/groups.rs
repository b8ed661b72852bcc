//! A service for members of certain groups: Listings 7-13 to 7-16.

use crate::support::unix::{PathProgram, connect};
use crate::support::{PATIENCE, run, stderr, stdout};
use netprog::base::conn::{TcpSocketListener, UnixSocketListener};
use netprog::base::log::{self, Logger};
use netprog::base::serve::{ServeConfig, Server, start};
use netprog::base::sys::accounts::effective_ids;
use netprog::base::trace;
use netprog::ch03_tcp::limits::Limits;
use netprog::ch07_unix::creds::{Peer, peer_of};
use netprog::ch07_unix::groups::{Accounts, AllowedGroups, Decision, Policy, SystemAccounts, decide};
use netprog::ch07_unix::service::GroupService;
use netprog::ch07_unix::socket_file::PrivateDirectory;
use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, mpsc};

fn begin() -> trace::PartyGuard {
    trace::chapter("ch07");
    trace::party("client")
}

/// A database in which the group `staff` is 50, `broken` cannot be looked up, and user 1000 is in 50 and 100.
struct Fixture;

impl Accounts for Fixture {
    fn group(&self, name: &str) -> io::Result<Option<u32>> {
        match name {
            "staff" => Ok(Some(50)),
            "broken" => Err(io::Error::other("the directory does not answer")),
            _ => Ok(None),
        }
    }

    fn groups_of(&self, user: u32) -> io::Result<Option<Vec<u32>>> {
        Ok(if user == 1000 { Some(vec![1000, 100, 50]) } else { None })
    }
}

/// A log one can read.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Written {
    fn logger(&self) -> Logger {
        Logger::new(Box::new(self.clone()), "", log::NONE)
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

fn peer(user: u32, group: u32) -> Peer {
    Peer { process: Some(4242), user, group }
}

fn staff() -> AllowedGroups {
    AllowedGroups::from_numbers(&[50])
}

/// The service with a policy and a database, and the path it listens on.
fn serving(
    allowed: AllowedGroups,
    policy: Policy,
    accounts: Arc<dyn Accounts>,
) -> (Server, PathBuf, PrivateDirectory) {
    let place = PrivateDirectory::new("netprog-creds").unwrap();
    let path = place.file("creds.sock");
    let listener = UnixSocketListener::new(UnixListener::bind(&path).unwrap()).unwrap();
    let service = service(allowed, policy, accounts);
    let server =
        start(listener, ServeConfig::default(), move |conn, cancel| service.handle(conn, cancel)).unwrap();
    (server, path, place)
}

fn service(allowed: AllowedGroups, policy: Policy, accounts: Arc<dyn Accounts>) -> GroupService {
    let limits = Limits { idle: Some(PATIENCE), write: Some(PATIENCE) };
    GroupService { allowed, policy, accounts, limits, log: Written::default().logger() }
}

fn own_group() -> AllowedGroups {
    AllowedGroups::from_numbers(&[effective_ids().1])
}

fn read_to_end(mut stream: impl Read) -> String {
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

/// Listing 7-13. The user of the peer, its groups by the database, and whether one of them is allowed. Rows 7.27, 7.29.
#[test]
fn listing_7_13_the_groups_of_the_peers_user_are_compared_with_those_allowed() {
    let _me = begin();
    let (one, _other) = UnixStream::pair().unwrap();
    let me = peer_of(&one).unwrap();
    let mine = SystemAccounts.groups_of(me.user).unwrap();
    trace::note(|| format!("{me}; by the database in groups {mine:?}"));
    let by_account = |allowed: &[u32]| {
        decide(&one, &me, Policy::Account, &AllowedGroups::from_numbers(allowed), &SystemAccounts).unwrap()
    };
    match mine {
        Some(groups) => assert!(by_account(&groups).is_welcome(), "any match lets in"),
        None => assert_eq!(by_account(&[0]), Decision::UnknownUser),
    }
    assert!(!by_account(&[u32::MAX - 3]).is_welcome());
    assert_eq!(by_account(&[]), Decision::NobodyAllowed, "and an empty set nobody");
}

/// Listing 7-14. The usage says that groups are wanted.
#[test]
fn listing_7_14_the_program_wants_the_names_of_groups() {
    let help = run("ch07_creds", &["-h"]);
    assert_eq!(help.status.code(), Some(0));
    assert!(stdout(&help).starts_with("usage: ch07_creds [options] GROUP...\n"), "{}", stdout(&help));
    let none = run("ch07_creds", &[]);
    assert_eq!(none.status.code(), Some(2));
    assert!(stderr(&none).contains("no group was named") && stderr(&none).contains("usage:"));
}

/// Listing 7-15. Names become numbers; one that is unknown is logged and left out. Row 7.33.
#[test]
fn listing_7_15_unknown_groups_are_logged_and_left_out() {
    let _me = begin();
    let written = Written::default();
    let allowed = AllowedGroups::from_names(&["staff", "stuff", "broken"], &Fixture, &written.logger());
    assert_eq!(allowed, staff());
    trace::note(|| written.text());
    assert_eq!(
        written.text(),
        "unknown group, left out group=stuff\n\
         cannot look the group up, left out group=broken error=\"the directory does not answer\"\n"
    );
    let none = AllowedGroups::from_names(&["stuff"], &Fixture, &written.logger());
    assert!(none.is_empty());
}

/// Listing 7-16. A member is welcome and stays; anybody else is denied and closed. Row 7.34.
#[test]
fn listing_7_16_members_are_welcome_and_stay_and_others_are_denied_and_closed() {
    let _me = begin();
    let (_server, path, _place) = serving(own_group(), Policy::Effective, Arc::new(SystemAccounts));
    let mut member = connect(&path);
    let mut greeting = [0; 8];
    member.read_exact(&mut greeting).unwrap();
    assert_eq!(&greeting, b"Welcome\n");
    trace::note(|| "a member: welcome, and the connection stays".to_string());
    member.write_all(b"and here I stay").unwrap();
    member.set_read_timeout(Some(std::time::Duration::from_millis(50))).unwrap();
    assert_eq!(member.read(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);

    let (_strict, path, _place) =
        serving(AllowedGroups::from_numbers(&[u32::MAX - 3]), Policy::Effective, Arc::new(SystemAccounts));
    assert_eq!(read_to_end(connect(&path)), "Access denied\n");
    trace::note(|| "nobody's group: denied, and closed".to_string());
}

#[test]
fn three_policies_give_three_answers_to_the_same_peer() {
    let (one, _other) = UnixStream::pair().unwrap();
    let decided = |who: Peer, policy| decide(&one, &who, policy, &staff(), &Fixture).unwrap();
    // sudo -g staff: the process is in the group, the account is not. The book denies, against its own transcript.
    let sudo = peer(0, 50);
    assert_eq!(decided(sudo, Policy::Effective), Decision::Welcome { group: 50 });
    assert_eq!(decided(sudo, Policy::Process), Decision::Welcome { group: 50 });
    assert_eq!(decided(sudo, Policy::Account), Decision::UnknownUser);
    // A process that gave its groups up, of a user who has them. The book lets it in.
    let dropped = peer(1000, 65_534);
    assert_eq!(decided(dropped, Policy::Effective), Decision::NoMember);
    assert_eq!(decided(dropped, Policy::Account), Decision::Welcome { group: 50 });
    assert!("wheel".parse::<Policy>().unwrap_err().contains("effective, process or account"));
}

/// The book makes a character of the user's number before it looks it up, and so nobody is found.
#[test]
fn the_user_is_looked_up_by_number() {
    let (user, group) = effective_ids();
    let found = SystemAccounts.groups_of(user).unwrap();
    assert!(found.is_none_or(|groups| !groups.is_empty()));
    assert!(SystemAccounts.groups_of(0).unwrap().unwrap().contains(&0), "root, by the number 0");
    let (one, _other) = UnixStream::pair().unwrap();
    assert_eq!(peer_of(&one).unwrap().group, group);
}

/// Everything that keeps the service from knowing who connects: its database fails, the user is unknown, or the socket is none of
/// ours.
#[test]
fn what_cannot_be_told_is_a_no() {
    struct Down;
    impl Accounts for Down {
        fn group(&self, _: &str) -> io::Result<Option<u32>> {
            Err(io::Error::other("down"))
        }
        fn groups_of(&self, _: u32) -> io::Result<Option<Vec<u32>>> {
            Err(io::Error::other("down"))
        }
    }
    let (_server, path, _place) = serving(own_group(), Policy::Account, Arc::new(Down));
    assert_eq!(read_to_end(connect(&path)), "Access denied\n");

    let listener = TcpSocketListener::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let everybody = AllowedGroups::from_numbers(&[u32::MAX, effective_ids().1]);
    let service = service(everybody, Policy::Effective, Arc::new(SystemAccounts));
    let over_tcp =
        start(listener, ServeConfig::default(), move |conn, cancel| service.handle(conn, cancel)).unwrap();
    assert_eq!(read_to_end(TcpStream::connect(over_tcp.socket_addr()).unwrap()), "Access denied\n");
}

#[test]
fn with_no_group_known_everybody_is_denied_the_services_own_group_too() {
    let nobody = AllowedGroups::from_names(&["no-such-group"], &SystemAccounts, &Written::default().logger());
    let (_server, path, _place) = serving(nobody, Policy::Effective, Arc::new(SystemAccounts));
    assert_eq!(read_to_end(connect(&path)), "Access denied\n");
}

#[test]
fn a_slow_answer_about_one_client_holds_up_no_other() {
    struct SlowOnce(Mutex<Option<mpsc::Receiver<()>>>);
    impl Accounts for SlowOnce {
        fn group(&self, _: &str) -> io::Result<Option<u32>> {
            Ok(None)
        }
        fn groups_of(&self, _: u32) -> io::Result<Option<Vec<u32>>> {
            let slow = self.0.lock().unwrap().take();
            if let Some(release) = slow {
                let _ = release.recv_timeout(PATIENCE);
            }
            Ok(Some(vec![50]))
        }
    }
    let (release, released) = mpsc::channel();
    let accounts = Arc::new(SlowOnce(Mutex::new(Some(released))));
    let asking = Arc::clone(&accounts);
    let (_server, path, _place) = serving(staff(), Policy::Account, accounts);
    let mut first = connect(&path);
    while asking.0.lock().unwrap().is_some() {
        std::thread::yield_now();
    }
    let mut greeting = [0; 8];
    connect(&path).read_exact(&mut greeting).unwrap();
    release.send(()).unwrap();
    first.read_exact(&mut greeting).unwrap();
    assert_eq!(&greeting, b"Welcome\n");
}

#[test]
fn who_is_denied_while_it_talks_still_reads_the_answer() {
    let (_server, path, _place) =
        serving(AllowedGroups::default(), Policy::Effective, Arc::new(SystemAccounts));
    let mut client = connect(&path);
    client.write_all(b"let me in, I have so much to say").unwrap();
    let mut answer = [0; 14];
    client.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"Access denied\n");
    client.shutdown(std::net::Shutdown::Write).unwrap();
    assert_eq!(client.read(&mut [0]).unwrap(), 0, "and an end, no reset");
}

#[test]
fn closing_over_unread_input_gives_the_text_and_then_a_reset() {
    let (mut client, mut server) = UnixStream::pair().unwrap();
    client.write_all(b"unread").unwrap();
    server.write_all(b"Access denied\n").unwrap();
    drop(server);
    let mut answer = [0; 14];
    client.read_exact(&mut answer).unwrap();
    assert_eq!(client.read(&mut [0]).unwrap_err().kind(), ErrorKind::ConnectionReset);
}

/// The file is /etc/group, in spite of the book's spelling, and the library asks it.
#[test]
fn the_groups_stand_in_etc_group() {
    assert!(std::fs::metadata("/etc/group").is_ok() && std::fs::metadata("/etc/groups").is_err());
    let text = std::fs::read_to_string("/etc/group").unwrap();
    let first = text.lines().find(|line| line.split(':').count() == 4).unwrap();
    let fields: Vec<&str> = first.split(':').collect();
    assert_eq!(SystemAccounts.group(fields[0]).unwrap(), Some(fields[2].parse().unwrap()));
    assert_eq!(SystemAccounts.group("no-such-group").unwrap(), None, "unknown is no error");
}

#[test]
fn the_mode_of_the_file_is_said_and_kept_by_the_program() {
    use std::os::unix::fs::PermissionsExt;
    let place = PrivateDirectory::new("netprog-creds").unwrap();
    let path = place.file("creds.sock");
    let program = PathProgram::start("ch07_creds", &["-socket", path.to_str().unwrap(), "no-such-group"]);
    assert_eq!(program.place, path.display().to_string());
    assert_eq!(std::fs::symlink_metadata(&path).unwrap().permissions().mode() & 0o777, 0o660);
    assert_eq!(read_to_end(connect(&path)), "Access denied\n");
}
