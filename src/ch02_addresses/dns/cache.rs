//! What a resolver remembers, and for how long (row 2.42).
//!
//! ```text
//!   reply:  google.com. 299 IN A 172.217.4.46        kept until 299 s from now
//!   asked 1 s later:   298                           the TTL that is handed out counts down
//!   asked 299 s later: nothing                       ask the server again
//! ```
//! An entry is all records of one name and type; they share one time to live, the least of theirs (RFC 2181, 5.2). That a
//! name does not exist, or has no record of a type, is remembered too, for as long as the zone's SOA record says
//! (RFC 2308, 5). Names that differ in upper and lower case are the same.
//!
//! The cache is bounded: what would have expired soonest makes room. We left out serving expired records while no server
//! answers (RFC 8767).
//!
//! Book: Listing 2-1, the second field.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use super::message::Message;
use super::name::Name;
use super::rdata::RData;
use super::record::{Record, RecordType};
use crate::base::deadline::Clock;

/// Nothing is kept longer, whatever its TTL says: one day, as most resolvers have it. Without it one forged reply could
/// stay for 68 years.
pub const MAX_SECONDS: u32 = 86_400;

/// That something is not there is kept no longer than this: RFC 2308, section 5, suggests one to three hours.
pub const MAX_NEGATIVE_SECONDS: u32 = 3 * 3600;

/// How many entries a resolver keeps unless told otherwise.
pub const DEFAULT_CAPACITY: usize = 1_000;

/// An entry with more records is not kept, so that the bound on entries also bounds the memory.
pub const MAX_RECORDS: usize = 100;

/// What is known of one name and type.
#[derive(Clone, Debug, PartialEq)]
pub enum Known {
    /// These records; each with the seconds it has left.
    Records(Vec<Record>),
    /// There is no such name.
    NoName,
    /// The name exists and has no record of this type.
    NoRecords,
}

/// `None` as a type stands for all: a name that does not exist has records of no type.
type Key = (Name, Option<RecordType>);

struct Entry {
    known: Known,
    stored: Instant,
    seconds: u32,
    /// Its place in the order of expiry.
    turn: (Instant, u64),
}

/// Records by name and type, with their time to live.
pub struct Cache {
    clock: Clock,
    capacity: usize,
    entries: HashMap<Key, Entry>,
    /// Who expires next. The number keeps entries apart that expire at the same moment.
    order: BTreeMap<(Instant, u64), Key>,
    count: u64,
}

impl Cache {
    /// An empty cache of at most `capacity` entries. With 0 it keeps nothing.
    pub fn new(clock: Clock, capacity: usize) -> Cache {
        Cache { clock, capacity, entries: HashMap::new(), order: BTreeMap::new(), count: 0 }
    }

    /// How many entries there are, expired ones that nobody asked for included.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// What is known of the name and type, unless it has expired.
    pub fn find(&mut self, name: &Name, kind: RecordType) -> Option<Known> {
        let whole = (name.clone(), None);
        self.find_key(&whole).or_else(|| self.find_key(&(whole.0, Some(kind))))
    }

    fn find_key(&mut self, key: &Key) -> Option<Known> {
        let now = self.clock.now();
        let entry = self.entries.get(key)?;
        let age = now.saturating_duration_since(entry.stored).as_secs();
        let left = u64::from(entry.seconds).saturating_sub(age);
        // It fits: it is no more than `seconds`.
        let left = u32::try_from(left).unwrap_or(0);
        if left == 0 {
            self.remove(key);
            return None;
        }
        let mut known = entry.known.clone();
        if let Known::Records(records) = &mut known {
            for record in records {
                record.ttl = left;
            }
        }
        Some(known)
    }

    /// Keeps the records, which must be of one name and type. What was known of these before is forgotten.
    pub fn put_records(&mut self, records: &[Record]) {
        let Some(first) = records.first() else { return };
        let mut seconds = MAX_SECONDS;
        for record in records {
            seconds = seconds.min(record.ttl);
        }
        if records.len() > MAX_RECORDS {
            return;
        }
        // The name exists: what was said before is no longer true.
        self.remove(&(first.name.clone(), None));
        let key = (first.name.clone(), Some(first.record_type()));
        self.put(key, Known::Records(records.to_vec()), seconds);
    }

    /// Keeps that there is no such name.
    pub fn put_no_name(&mut self, name: &Name, seconds: u32) {
        self.put((name.clone(), None), Known::NoName, seconds.min(MAX_NEGATIVE_SECONDS));
    }

    /// Keeps that the name has no record of the type.
    pub fn put_no_records(&mut self, name: &Name, kind: RecordType, seconds: u32) {
        self.put((name.clone(), Some(kind)), Known::NoRecords, seconds.min(MAX_NEGATIVE_SECONDS));
    }

    /// With no seconds to live an entry is not kept (RFC 1035, 3.2.1), and an older one goes all the same.
    fn put(&mut self, key: Key, known: Known, seconds: u32) {
        self.remove(&key);
        if seconds == 0 || self.capacity == 0 {
            return;
        }
        while self.entries.len() >= self.capacity {
            self.remove_next_to_expire();
        }
        let stored = self.clock.now();
        self.count += 1;
        let turn = (stored + Duration::from_secs(u64::from(seconds)), self.count);
        self.order.insert(turn, key.clone());
        self.entries.insert(key, Entry { known, stored, seconds, turn });
    }

    fn remove(&mut self, key: &Key) {
        if let Some(entry) = self.entries.remove(key) {
            self.order.remove(&entry.turn);
        }
    }

    fn remove_next_to_expire(&mut self) {
        if let Some((_, key)) = self.order.pop_first() {
            self.entries.remove(&key);
        }
    }
}

/// For how many seconds a reply without records holds: the lesser of its SOA record's TTL and minimum field (RFC 2308,
/// section 5). Without an SOA record it must not be kept.
pub fn negative_seconds(reply: &Message) -> u32 {
    for record in &reply.authority {
        if let RData::Soa(soa) = &record.data {
            return record.ttl.min(soa.minimum);
        }
    }
    0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::deadline::FakeClock;

    fn name(text: &str) -> Name {
        text.parse().unwrap()
    }

    fn a(owner: &str, ttl: u32, last: u8) -> Record {
        Record::new(name(owner), ttl, RData::A([192, 0, 2, last].into()))
    }

    fn cache_of(capacity: usize) -> (Cache, FakeClock) {
        let clock = FakeClock::new();
        (Cache::new(Clock::Fake(clock.clone()), capacity), clock)
    }

    fn left(cache: &mut Cache, owner: &str) -> Option<u32> {
        match cache.find(&name(owner), RecordType::A)? {
            Known::Records(records) => Some(records[0].ttl),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_time_to_live_counts_down_second_by_second_and_then_the_entry_is_gone() {
        let (mut cache, clock) = cache_of(10);
        cache.put_records(&[a("google.com.", 299, 1)]);
        for gone in 0..299 {
            assert_eq!(left(&mut cache, "google.com."), Some(299 - gone));
            clock.advance(Duration::from_secs(1));
        }
        assert_eq!(left(&mut cache, "google.com."), None);
        assert!(cache.is_empty(), "it does not stay in memory either");
    }

    #[test]
    fn a_fraction_of_a_second_does_not_count() {
        let (mut cache, clock) = cache_of(10);
        cache.put_records(&[a("google.com.", 2, 1)]);
        clock.advance(Duration::from_millis(1999));
        assert_eq!(left(&mut cache, "google.com."), Some(1));
        clock.advance(Duration::from_millis(1));
        assert_eq!(left(&mut cache, "google.com."), None);
    }

    #[test]
    fn upper_and_lower_case_are_the_same_name() {
        let (mut cache, _) = cache_of(10);
        cache.put_records(&[a("Google.COM.", 5, 1)]);
        assert_eq!(left(&mut cache, "gOOGLE.com."), Some(5));
    }

    #[test]
    fn records_of_one_set_share_the_least_time_to_live() {
        let (mut cache, _) = cache_of(10);
        cache.put_records(&[a("google.com.", 300, 1), a("google.com.", 20, 2)]);
        assert_eq!(left(&mut cache, "google.com."), Some(20));
    }

    #[test]
    fn nothing_is_kept_beyond_a_day_and_nothing_without_time_to_live() {
        let (mut cache, _) = cache_of(10);
        cache.put_records(&[a("old.com.", i32::MAX as u32, 1)]);
        assert_eq!(left(&mut cache, "old.com."), Some(MAX_SECONDS));
        cache.put_records(&[a("old.com.", 0, 2)]);
        assert_eq!(left(&mut cache, "old.com."), None, "the newer word counts, and it says: do not keep");
    }

    #[test]
    fn a_full_cache_gives_up_what_would_expire_first() {
        let (mut cache, _) = cache_of(2);
        cache.put_records(&[a("long.com.", 300, 1)]);
        cache.put_records(&[a("short.com.", 10, 1)]);
        cache.put_records(&[a("new.com.", 100, 1)]);
        assert_eq!(cache.len(), 2);
        assert_eq!(left(&mut cache, "short.com."), None);
        assert_eq!((left(&mut cache, "long.com."), left(&mut cache, "new.com.")), (Some(300), Some(100)));
    }

    #[test]
    fn a_thousand_names_do_not_pass_the_bound_and_an_entry_replaced_is_not_counted_twice() {
        let (mut cache, _) = cache_of(7);
        for number in 0..1000 {
            cache.put_records(&[a(&format!("n{number}.com."), 1 + number, 1)]);
            cache.put_records(&[a("same.com.", 5000, 1)]);
            assert!(cache.len() <= 7 && cache.order.len() == cache.entries.len());
        }
        assert_eq!(left(&mut cache, "same.com."), Some(5000));
        let (mut none, _) = cache_of(0);
        none.put_records(&[a("google.com.", 5, 1)]);
        assert!(none.is_empty());
    }

    #[test]
    fn that_a_name_does_not_exist_holds_for_every_type_until_it_does() {
        let (mut cache, clock) = cache_of(10);
        cache.put_no_name(&name("none.com."), 60);
        assert_eq!(cache.find(&name("NONE.com."), RecordType::MX), Some(Known::NoName));
        clock.advance(Duration::from_secs(59));
        assert_eq!(cache.find(&name("none.com."), RecordType::A), Some(Known::NoName));
        cache.put_records(&[a("none.com.", 5, 1)]);
        assert_eq!(left(&mut cache, "none.com."), Some(5));
        cache.put_no_name(&name("none.com."), u32::MAX);
        clock.advance(Duration::from_secs(u64::from(MAX_NEGATIVE_SECONDS)));
        assert_eq!(cache.find(&name("none.com."), RecordType::MX), None);
    }

    #[test]
    fn that_there_is_no_record_holds_for_its_type_alone() {
        let (mut cache, _) = cache_of(10);
        cache.put_no_records(&name("v4.com."), RecordType::AAAA, 60);
        assert_eq!(cache.find(&name("v4.com."), RecordType::AAAA), Some(Known::NoRecords));
        assert_eq!(cache.find(&name("v4.com."), RecordType::A), None);
    }
}
