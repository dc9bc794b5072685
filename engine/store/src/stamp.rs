//! What the caller brings to everything that is written: the time, the actor and the dice.

use std::io;

use jiff::Timestamp;

/// Where random bytes come from; the command line passes the operating system's.
pub trait Entropy {
    /// Fills the whole slice with bytes nobody can guess.
    ///
    /// # Errors
    /// When the source fails; nothing is written then.
    fn fill(&self, bytes: &mut [u8]) -> io::Result<()>;
}

impl<F: Fn(&mut [u8]) -> io::Result<()>> Entropy for F {
    fn fill(&self, bytes: &mut [u8]) -> io::Result<()> {
        self(bytes)
    }
}

/// Who writes, when, and where the nonces come from.
#[derive(Clone, Copy)]
pub struct Stamp<'a> {
    /// The time written into the journal.
    pub at: Timestamp,
    /// The operator written into the journal.
    pub actor: &'a str,
    /// Where the nonces of payloads, and the keys and id of a new home, come from.
    pub entropy: &'a dyn Entropy,
}

impl Stamp<'_> {
    /// Some fresh random bytes.
    pub(crate) fn random<const N: usize>(&self) -> crate::Result<[u8; N]> {
        let mut bytes = [0; N];
        self.entropy
            .fill(&mut bytes)
            .map_err(|cause| crate::StoreError::io("no random bytes to be had", None, cause))?;
        Ok(bytes)
    }
}
