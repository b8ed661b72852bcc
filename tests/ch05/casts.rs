//! One packet reaches a group or a subnet: what TCP cannot do.

use super::sockets::{address, socket};
use crate::support::PATIENCE;
use netprog::ch02_addresses::casts::{listen_for_broadcasts, send_broadcast};
use std::io::ErrorKind;
use std::net::Ipv4Addr;

const LOOPBACK_BROADCAST: Ipv4Addr = Ipv4Addr::new(127, 255, 255, 255);

#[cfg(target_os = "linux")] // Others have no broadcast on the loopback.
#[test]
fn a_broadcast_needs_permission_and_then_reaches_who_listens_on_the_subnets_last_address() {
    let sender = socket("sender");
    let listener = listen_for_broadcasts(LOOPBACK_BROADCAST, 0).unwrap();
    listener.set_read_timeout(Some(PATIENCE)).unwrap();
    let port = address(&listener).port();
    let refused = sender.send_to(b"everyone!", (LOOPBACK_BROADCAST, port)).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::PermissionDenied);
    send_broadcast(&sender, b"everyone!", (LOOPBACK_BROADCAST, port)).unwrap();
    let mut buffer = [0; 16];
    let (count, from) = listener.recv_from(&mut buffer).unwrap();
    assert_eq!((&buffer[..count], from), (&b"everyone!"[..], address(&sender)));
}

#[cfg(unix)]
#[test]
fn one_send_reaches_both_members_of_a_group() {
    use netprog::base::sys::multicast::group_socket;
    let group = Ipv4Addr::new(239, 255, 5, 5);
    let one = match group_socket(group, 0, Ipv4Addr::LOCALHOST) {
        Ok(member) => member,
        Err(error) => return println!("skipped: no multicast on the loopback: {error}"),
    };
    let port = address(&one).port();
    let two = group_socket(group, port, Ipv4Addr::LOCALHOST).unwrap();
    if let Err(error) = two.send_to(b"all of you", (group, port)) {
        return println!("skipped: no multicast on the loopback: {error}");
    }
    for member in [&one, &two] {
        member.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut buffer = [0; 16];
        let (count, _) = member.recv_from(&mut buffer).unwrap();
        assert_eq!(&buffer[..count], b"all of you");
    }
}
