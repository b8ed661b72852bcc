//! What counts as an answer, and what does not.

use super::*;
use crate::ch02_addresses::dns::record::RecordType;

fn sent() -> Message {
    let question = Question::new("google.com.".parse().unwrap(), RecordType::A);
    let mut query = Message::query(0x1234, question);
    query.edns = Some(Edns::default());
    query
}

fn ignored(reply: &Message) -> bool {
    matches!(judge(&sent(), &reply.encode().unwrap()), Verdict::Ignore(_))
}

#[test]
fn the_id_the_question_and_the_response_bit_must_be_right() {
    let good = Message::answer_to(&sent());
    assert_eq!(judge(&sent(), &good.encode().unwrap()), Verdict::Answer(good.clone()));
    let mut wrong = good.clone();
    wrong.header.id ^= 1;
    assert!(ignored(&wrong));
    wrong = good.clone();
    wrong.header.is_response = false;
    assert!(ignored(&wrong), "our own question, sent back");
    wrong = good.clone();
    wrong.questions[0].name = "google.org.".parse().unwrap();
    assert!(ignored(&wrong));
    wrong = good.clone();
    wrong.questions[0].record_type = RecordType::AAAA;
    assert!(ignored(&wrong));
    wrong = good.clone();
    wrong.questions.push(good.questions[0].clone());
    assert!(ignored(&wrong));
    wrong.questions.clear();
    assert!(ignored(&wrong));
    wrong.header.rcode = Rcode::FORMERR;
    assert!(!ignored(&wrong), "who cannot read a question cannot repeat it");
}

#[test]
fn a_reply_that_was_cut_is_asked_for_again_even_if_it_cannot_be_read() {
    let mut cut = Message::answer_to(&sent());
    cut.header.truncated = true;
    let whole = cut.encode().unwrap();
    assert_eq!(judge(&sent(), &whole), Verdict::CutShort);
    assert_eq!(judge(&sent(), &whole[..whole.len() - 1]), Verdict::CutShort);
    cut.header.id = 0;
    assert!(ignored(&cut));
}

#[test]
fn every_truncation_and_random_bytes_are_ignored_without_a_panic() {
    let bytes = Message::answer_to(&sent()).encode().unwrap();
    for length in 0..bytes.len() {
        assert!(matches!(judge(&sent(), &bytes[..length]), Verdict::Ignore(_)), "{length} bytes");
    }
    let mut random = random::Seeded::new(2);
    for _ in 0..2_000 {
        let mut noise = vec![0; random.below(80) as usize];
        random.fill(&mut noise);
        if noise.len() > 4 {
            noise[..4].copy_from_slice(&bytes[..4]);
        }
        let _ = judge(&sent(), &noise);
    }
}
