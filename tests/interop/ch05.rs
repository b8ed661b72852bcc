//! Chapter 5's programs with nc and socat, and on links that are narrower than the loopback. `make interop` runs these.

use std::io::Write;
use std::process::{Command, Stdio};

use crate::support::{Program, output_of, program, stderr, stdout};

/// Runs a command with `input` on its standard input, and gives what it prints.
fn tool(command: &str, arguments: &[&str], input: &str) -> String {
    let mut child = Command::new(command)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap_or_else(|error| panic!("{command} did not start: {error}"));
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    stdout(&output_of(child))
}

#[test]
#[ignore = "needs nc"]
fn nc_gets_its_datagrams_echoed() {
    let server = Program::start("ch05_echo", &["-a", "127.0.0.1:0"]);
    let port = server.address().port().to_string();
    // nc -u cannot know when the answer is complete; it leaves a second after the last byte.
    assert_eq!(tool("nc", &["-u", "-w", "1", "127.0.0.1", &port], "to and fro\n"), "to and fro\n");
}

#[test]
#[ignore = "needs socat"]
fn socat_gets_its_datagrams_echoed_cut_at_the_buffer() {
    let server = Program::start("ch05_echo", &[]);
    let target = format!("UDP:{}", server.address());
    let long = "x".repeat(2000);
    assert_eq!(tool("socat", &["-t", "1", "-b", "4096", "-", &target], &long), long[..1024]);
}

#[test]
#[ignore = "needs socat"]
fn the_mtu_program_measures_against_socats_echo() {
    let free = std::net::UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let listen = format!("UDP-RECVFROM:{},fork,bind=127.0.0.1", free.port());
    let mut socat = Command::new("socat").args([listen.as_str(), "EXEC:cat"]).spawn().unwrap();
    // It begins to listen at some moment; until then the port refuses.
    let mut text = String::new();
    for _ in 0..100 {
        let output = crate::support::run("ch05_mtu", &["-W", "2s", &free.to_string()]);
        text = stdout(&output);
        if output.status.success() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    socat.kill().unwrap();
    socat.wait().unwrap();
    assert!(text.contains("largest payload in one piece: "), "{text}");
}

/// A client, a router and a server in network namespaces of their own, which end with the shell that made them.
/// The first link carries 1,500 bytes; the second what its two ends say.
const LINKS: &str = r#"
set -e
ip link set lo up
unshare -n sleep 60 & router=$!
unshare -n sleep 60 & server=$!
trap 'kill $router $server $echo 2>/dev/null' EXIT
# Until unshare has made them, they are in ours, and a link would be moved nowhere.
for child in $router $server; do
    while [ "$(readlink /proc/$child/ns/net)" = "$(readlink /proc/self/ns/net)" ]; do sleep 0.01; done
done
in_router() { nsenter -t $router -n "$@"; }
in_server() { nsenter -t $server -n "$@"; }
ip link add client0 type veth peer name router0 netns $router
in_router ip link add router1 type veth peer name server0 netns $server
ip addr add 10.77.1.1/24 dev client0; ip addr add fd77:1::1/64 dev client0 nodad; ip link set client0 up
in_router ip addr add 10.77.1.2/24 dev router0; in_router ip addr add fd77:1::2/64 dev router0 nodad
in_router ip link set router0 up
in_router ip addr add 10.77.2.2/24 dev router1; in_router ip addr add fd77:2::2/64 dev router1 nodad
in_router ip link set router1 up
in_router ip link set router1 mtu $ROUTER_MTU
in_server ip addr add 10.77.2.1/24 dev server0; in_server ip addr add fd77:2::1/64 dev server0 nodad
in_server ip link set server0 up
in_server ip link set server0 mtu $SERVER_MTU
ip route add default via 10.77.1.2; ip -6 route add default via fd77:1::2
in_server ip -6 route add default via fd77:2::2
in_server ip route add default via 10.77.2.2
in_router sh -c 'echo 1 > /proc/sys/net/ipv4/ip_forward; echo 1 > /proc/sys/net/ipv6/conf/all/forwarding'
nsenter -t $server -n "$ECHO" -a $HOST:7000 > "/proc/self/fd/2" & echo=$!
until in_server ss -lun | grep -q :7000; do sleep 0.01; done
"$CH05_MTU" -W 300ms -n $TRIES "$HOST:7000"
"#;

/// A link that has just come up loses IPv6's first questions about neighbors, and with them some probes.
const PATIENT: u32 = 20;

/// How many probes were answered, by an echo or by a refusal.
fn answered(text: &str) -> usize {
    text.lines().filter(|line| line.contains("with headers") && !line.ends_with("no answer")).count()
}

/// What `ch05_mtu` prints in the client's namespace about the way to the server.
fn measured(host: &str, (router_mtu, server_mtu): (u32, u32), tries: u32) -> (Option<i32>, String) {
    let child = Command::new("unshare")
        .args(["-n", "sh", "-c", LINKS])
        .env("ROUTER_MTU", router_mtu.to_string())
        .env("SERVER_MTU", server_mtu.to_string())
        .env("HOST", host)
        .env("TRIES", tries.to_string())
        .env("ECHO", program("ch05_echo"))
        .env("CH05_MTU", program("ch05_mtu"))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("unshare starts");
    let output = output_of(child);
    (output.status.code(), stdout(&output) + &stderr(&output))
}

#[test]
#[ignore = "needs ip and root"]
fn an_ethernet_passes_1472_bytes_over_ipv4_and_1452_over_ipv6() {
    for (host, payload) in [("10.77.2.1", 1472), ("[fd77:2::1]", 1452)] {
        let (code, text) = measured(host, (1500, 1500), PATIENT);
        assert_eq!(code, Some(0), "{text}");
        assert!(text.contains(&format!("in one piece: {payload} bytes; 1500 with ")), "{text}");
        assert!(text.contains("it is the MTU the system has for this path"), "{text}");
        assert_eq!(answered(&text), 2, "{text}");
    }
}

#[test]
#[ignore = "needs ip and root"]
fn a_router_that_says_what_fits_is_believed() {
    for (host, first, payload) in [("10.77.2.1", 1472, 1372), ("[fd77:2::1]", 1452, 1352)] {
        let (code, text) = measured(host, (1400, 1400), PATIENT);
        assert_eq!(code, Some(0), "{text}");
        let refused = format!(" {first} bytes ( 1500 with headers): too long, the path's MTU is 1400\n");
        assert!(text.contains(&refused), "{text}");
        assert!(text.contains(&format!("in one piece: {payload} bytes; 1400 with ")), "{text}");
        assert!(text.contains("a router said so"), "{text}");
        assert_eq!(answered(&text), 3, "no more probes than needed: {text}");
    }
}

/// The router believes that the link carries 1,500 bytes; the server's end drops what is over 1,400, give or take a VLAN tag.
#[test]
#[ignore = "needs ip and root"]
fn a_black_hole_is_measured_though_nobody_says_a_word() {
    let (code, text) = measured("10.77.2.1", (1500, 1400), 3);
    assert_eq!(code, Some(0), "{text}");
    let found = text.split("in one piece: ").nth(1).and_then(|rest| rest.split(' ').next());
    let payload: usize = found.unwrap_or_default().parse().unwrap_or_else(|_| panic!("{text}"));
    assert!((1372..=1376).contains(&payload), "{text}");
    assert!(text.contains("larger ones vanish without a word"), "{text}");
}
