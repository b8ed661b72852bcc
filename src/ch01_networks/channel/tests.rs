//! The small reliable protocol against every kind of bad luck.

use super::*;

const BAD: Faults = Faults { lost: 0.2, twice: 0.2, late: 0.3, damaged: 0.1 };

fn messages(count: u8) -> Vec<Vec<u8>> {
    (0..count).map(|number| vec![number; 5]).collect()
}

#[test]
fn everything_arrives_once_and_in_order_whatever_the_luck() {
    for seed in 0..100 {
        let (mut there, mut back) = (Channel::new(BAD, 16, seed), Channel::new(BAD, 16, seed + 1_000));
        let transfer = reliably(&messages(60), &mut there, &mut back).unwrap();
        assert_eq!(transfer.delivered, messages(60), "seed {seed}");
        assert!(transfer.sent > 60);
    }
}

#[test]
fn a_good_channel_carries_each_message_once() {
    let perfect = || Channel::new(Faults::default(), 16, 0);
    let transfer = reliably(&messages(20), &mut perfect(), &mut perfect()).unwrap();
    assert_eq!((transfer.sent, transfer.delivered.len()), (20, 20));
    assert_eq!(reliably(&[], &mut perfect(), &mut perfect()).unwrap(), Transfer::default());
    assert_eq!(barely(&[], 3, &mut perfect()).delivered.len(), 0);
}

#[test]
fn a_dead_channel_is_given_up_and_so_is_one_that_brings_no_answers() {
    let dead = || Channel::new(Faults { lost: 1.0, ..Faults::default() }, 16, 0);
    let perfect = || Channel::new(Faults::default(), 16, 0);
    let gave_up = reliably(&messages(2), &mut dead(), &mut perfect()).unwrap_err();
    assert_eq!((gave_up.number, gave_up.so_far.delivered.len()), (0, 0));
    // The two generals: without answers the sender cannot know that all has arrived.
    let gave_up = reliably(&messages(2), &mut perfect(), &mut dead()).unwrap_err();
    assert_eq!(gave_up.so_far.delivered, messages(2));
}

#[test]
fn the_window_keeps_within_a_room_that_a_burst_overflows() {
    let mut narrow = Channel::new(Faults::default(), 4, 0);
    let transfer = reliably(&messages(40), &mut narrow, &mut Channel::new(Faults::default(), 4, 0)).unwrap();
    assert_eq!((narrow.drowned, transfer.delivered.len()), (0, 40));
    let mut narrow = Channel::new(Faults::default(), 4, 0);
    let transfer = barely(&messages(40), 4, &mut narrow);
    assert_eq!(narrow.drowned, 32);
    assert_eq!(transfer.delivered.len(), 8);
}

#[test]
fn truncated_flipped_and_random_datagrams_are_errors() {
    for datagram in [Datagram::Data(7, b"seven".to_vec()), Datagram::Data(8, Vec::new()), Datagram::Ack(9)] {
        let bytes = datagram.encode();
        assert_eq!(Datagram::decode(&bytes), Ok(datagram));
        for length in 0..bytes.len() {
            assert!(Datagram::decode(&bytes[..length]).is_err(), "{length}");
        }
        for bit in 0..bytes.len() * 8 {
            let mut damaged = bytes.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Datagram::decode(&damaged), Err(DatagramError::Damaged), "bit {bit}");
        }
    }
    let mut random = Seeded::new(9);
    for _ in 0..2_000 {
        let mut noise = vec![0; random.below(40) as usize];
        random.fill(&mut noise);
        assert!(Datagram::decode(&noise).is_err());
    }
}

fn with_crc(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let crc = crc32(&bytes);
    put_u32(&mut bytes, crc);
    bytes
}

#[test]
fn what_is_whole_and_still_makes_no_sense_is_refused() {
    assert_eq!(Datagram::decode(&with_crc(&[2, 0, 0, 0, 1])), Err(DatagramError::NoSuchKind(2)));
    assert_eq!(Datagram::decode(&with_crc(&[1, 0, 0, 0, 1, 5])), Err(DatagramError::AckWithBytes(1)));
}

#[test]
fn a_number_far_ahead_is_not_kept() {
    let mut receiver = Receiver::default();
    let mut delivered = Vec::new();
    for number in [WINDOW, 1_000, u32::MAX] {
        assert_eq!(receiver.take(&Datagram::Data(number, vec![1]).encode(), &mut delivered), None);
    }
    assert!(receiver.early.is_empty() && delivered.is_empty());
    assert!(receiver.take(&Datagram::Data(0, vec![1]).encode(), &mut delivered).is_some());
}
