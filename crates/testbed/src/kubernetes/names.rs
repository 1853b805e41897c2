//! Makes uids and the random endings of generated names.

use std::{
    hash::{BuildHasher, Hasher, RandomState},
    sync::atomic::{AtomicU64, Ordering},
};

/// The letters of generated names and template hashes (`k8s.io/apimachinery/pkg/util/rand`): no vowels, so no words.
const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";

/// A sequence of identifiers which is the same for the same seed.
#[derive(Debug)]
pub(crate) struct Names {
    state: AtomicU64,
}

impl Names {
    /// Begins at `seed`, or at a random place.
    pub(crate) fn new(seed: Option<u64>) -> Self {
        let seed = seed.unwrap_or_else(|| RandomState::new().build_hasher().finish());
        Names { state: AtomicU64::new(seed) }
    }

    /// A uid in the form of a version 4 UUID.
    pub(crate) fn uid(&self) -> String {
        let (high, low) = (self.next(), self.next());
        format!(
            "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
            high >> 32,
            (high >> 16) & 0xffff,
            high & 0xfff,
            0x8000 | ((low >> 48) & 0x3fff),
            low & 0xffff_ffff_ffff
        )
    }

    /// The five letters after a pod's generated name.
    pub(crate) fn ending(&self) -> String {
        let mut bits = self.next();
        (0..5)
            .map(|_| {
                let letter = letter(usize::try_from(bits % 27).unwrap_or_default());
                bits /= 27;
                letter
            })
            .collect()
    }

    /// 64 hexadecimal digits, as a container's id has.
    pub(crate) fn container(&self) -> String {
        let [first, second, third, fourth] = std::array::from_fn(|_| self.next());
        format!("{first:016x}{second:016x}{third:016x}{fourth:016x}")
    }

    /// `SplitMix64` (Steele, Lea, Flood 2014).
    fn next(&self) -> u64 {
        let step = 0x9e37_79b9_7f4a_7c15;
        let mut mixed = self.state.fetch_add(step, Ordering::Relaxed).wrapping_add(step);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

/// Encodes a number as Kubernetes encodes a template hash (`rand.SafeEncodeString` over its decimal digits).
pub(crate) fn safe_encode(digits: &str) -> String {
    digits.bytes().map(|byte| letter(usize::from(byte) % LETTERS.len())).collect()
}

fn letter(index: usize) -> char {
    LETTERS.get(index).map_or('b', |byte| char::from(*byte))
}
