//! Between systems: claims, and who believes them.

use super::words::*;
use netprog::base::trace::{self};
use netprog::ch02_addresses::bgp::{self, Asn, Fate};
use netprog::ch02_addresses::firewall::{Action, Firewall, Flow, Transport};
use netprog::ch02_addresses::routing::{Map, Metric};

const YOUTUBE: Asn = Asn(36561);

const PCCW: Asn = Asn(3491);

const PAKISTAN_TELECOM: Asn = Asn(17557);

const CARRIER: Asn = Asn(3356);

const PROVIDER: Asn = Asn(64500);

/// A small part of the internet of 2008: a provider somewhere, two carriers, YouTube, Pakistan Telecom.
fn internet_of_2008() -> bgp::Internet {
    trace::chapter("ch02");
    let mut net = bgp::Internet::new();
    for (asn, name) in [
        (YOUTUBE, "YouTube"),
        (PCCW, "PCCW"),
        (PAKISTAN_TELECOM, "Pakistan Telecom"),
        (CARRIER, "carrier"),
        (PROVIDER, "provider"),
    ] {
        net.add(asn, name);
    }
    for (one, other) in [(YOUTUBE, CARRIER), (CARRIER, PCCW), (PCCW, PAKISTAN_TELECOM), (CARRIER, PROVIDER)] {
        net.peer(one, other);
    }
    net.announce(YOUTUBE, prefix("208.65.152.0/22"));
    net
}

/// Row 2.37: an AS has a number, tells its neighbors what is its own, and the path grows by a number per AS; inside one, a
/// protocol of its own finds the way.
#[test]
fn between_systems_the_path_is_a_list_of_their_numbers() {
    let net = internet_of_2008();
    let claimed = prefix("208.65.152.0/22");
    assert_eq!(bgp::written(net.path(PAKISTAN_TELECOM, claimed).unwrap()), "AS3491 AS3356 AS36561");
    let journey = net.send(PAKISTAN_TELECOM, ip("208.65.153.238"));
    assert_eq!((journey.fate, journey.path.len()), (Fate::Delivered(YOUTUBE), 4));
    let mut inside = Map::new();
    inside.link("border", "core", 10_000);
    inside.link("core", "video", 10_000);
    assert_eq!(inside.way("border", "video", Metric::Hops).unwrap().routers.len(), 3);
}

/// Row 2.38, 2008: a more specific claim draws YouTube's traffic into a null route, silently and from everywhere; taking it
/// back heals it. It lasted two hours.
#[test]
fn a_leaked_null_route_takes_youtube_down_until_it_is_withdrawn() {
    let mut net = internet_of_2008();
    let (video, stolen) = (ip("208.65.153.238"), prefix("208.65.153.0/24"));
    assert_eq!(net.send(PROVIDER, video).fate, Fate::Delivered(YOUTUBE));
    net.null_route(PAKISTAN_TELECOM, stolen);
    assert_eq!(
        net.send(PROVIDER, video).fate,
        Fate::Delivered(YOUTUBE),
        "meant for one country, and not leaked yet"
    );
    net.announce(PAKISTAN_TELECOM, stolen);
    assert_eq!(net.send(PROVIDER, video).fate, Fate::DroppedSilently(PAKISTAN_TELECOM));
    assert_eq!(net.send(PROVIDER, ip("208.65.152.1")).fate, Fate::Delivered(YOUTUBE), "outside the /24");
    net.withdraw(PAKISTAN_TELECOM, stolen);
    assert_eq!(net.send(PROVIDER, video).fate, Fate::Delivered(YOUTUBE));
}

/// Row 2.38: what YouTube could do itself: claim two halves of the stolen network, which are longer again.
#[test]
fn two_25s_win_a_stolen_24_back() {
    let mut net = internet_of_2008();
    let video = ip("208.65.153.238");
    net.null_route(PAKISTAN_TELECOM, prefix("208.65.153.0/24"));
    net.announce(PAKISTAN_TELECOM, prefix("208.65.153.0/24"));
    for half in subnet("208.65.153.0/24").split(25).unwrap() {
        net.announce(YOUTUBE, half);
    }
    assert_eq!(net.send(PROVIDER, video).fate, Fate::Delivered(YOUTUBE));
}

/// Row 2.38, 2012: with a claim of the same length those nearer to the false origin are drawn away. It lasted 27 minutes.
#[test]
fn a_claim_as_long_as_the_true_one_draws_those_who_are_nearer() {
    const GOOGLE: Asn = Asn(15169);
    const MORATEL: Asn = Asn(23947);
    trace::chapter("ch02");
    let mut net = bgp::Internet::new();
    for (asn, name) in [(GOOGLE, "Google"), (CARRIER, "carrier"), (PCCW, "PCCW"), (MORATEL, "Moratel")] {
        net.add(asn, name);
    }
    for (one, other) in [(GOOGLE, CARRIER), (CARRIER, PCCW), (PCCW, MORATEL)] {
        net.peer(one, other);
    }
    let dns = ip("8.8.8.8");
    net.announce(GOOGLE, prefix("8.8.8.0/24"));
    assert_eq!(net.send(PCCW, dns).fate, Fate::Delivered(GOOGLE));
    net.announce(MORATEL, prefix("8.8.8.0/24"));
    assert_eq!(net.send(PCCW, dns).fate, Fate::Delivered(MORATEL));
    assert_eq!(net.send(CARRIER, dns).fate, Fate::Delivered(GOOGLE), "the way to Google is shorter here");
    net.withdraw(MORATEL, prefix("8.8.8.0/24"));
    assert_eq!(net.send(PCCW, dns).fate, Fate::Delivered(GOOGLE));
}

/// Row 2.38, since then: a list of who may claim what. It helps those who look, and those behind them.
#[test]
fn a_system_that_looks_claims_up_does_not_believe_the_hijack() {
    let mut net = internet_of_2008();
    net.authorize(prefix("208.65.152.0/22"), YOUTUBE);
    net.validate(CARRIER);
    net.null_route(PAKISTAN_TELECOM, prefix("208.65.153.0/24"));
    net.announce(PAKISTAN_TELECOM, prefix("208.65.153.0/24"));
    assert_eq!(net.send(PROVIDER, ip("208.65.153.238")).fate, Fate::Delivered(YOUTUBE));
    assert_eq!(net.send(PCCW, ip("208.65.153.238")).fate, Fate::DroppedSilently(PAKISTAN_TELECOM));
}

/// Row 2.39: the victim's network is claimed by a scrubbing center, which filters and sends the rest through a tunnel.
#[test]
fn a_scrubbing_center_draws_the_flood_and_passes_on_the_rest() {
    const VICTIM: Asn = Asn(64510);
    const SCRUBBER: Asn = Asn(64520);
    let mut net = internet_of_2008();
    net.add(VICTIM, "victim");
    net.add(SCRUBBER, "scrubbing center");
    net.peer(CARRIER, VICTIM);
    net.peer(CARRIER, SCRUBBER);
    net.announce(VICTIM, prefix("203.0.112.0/22"));
    let from = |source: &str| Flow {
        source: ip(source),
        destination: ip("203.0.113.80"),
        transport: Transport::Tcp,
        port: Some(443),
    };
    let (bot, visitor) = (from("192.0.2.66"), from("198.51.100.7"));
    assert_eq!(net.send_flow(PROVIDER, &bot).fate, Fate::Delivered(VICTIM), "the flood arrives");

    net.scrub(SCRUBBER, Firewall::parse("drop any from 192.0.2.0/24 to any", Action::Allow).unwrap(), VICTIM);
    net.announce(SCRUBBER, prefix("203.0.113.0/24"));
    assert_eq!(net.send_flow(PROVIDER, &bot).fate, Fate::Filtered(SCRUBBER));
    let clean = net.send_flow(PROVIDER, &visitor);
    assert_eq!(
        (clean.fate, clean.path),
        (Fate::Delivered(VICTIM), vec![PROVIDER, CARRIER, SCRUBBER, VICTIM])
    );
    net.withdraw(SCRUBBER, prefix("203.0.113.0/24"));
    assert_eq!(net.send_flow(PROVIDER, &bot).path, [PROVIDER, CARRIER, VICTIM]);
}
