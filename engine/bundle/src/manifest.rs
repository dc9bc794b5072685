//! What a bundle says of itself, and the signatures beside that.

use std::collections::BTreeMap;

use jiff::Timestamp;
use lexhold_model::{Digest, PublicKey, SecretKey, Signature};
use serde::{Deserialize, Serialize};

use crate::archive::{Files, unpack};
use crate::{Refusal, Versions, codes};

/// Where the manifest stands.
const MANIFEST: &str = ".lexhold/manifest.json";
/// Where the signatures stand, one file a signer.
const SIGNATURES: &str = ".lexhold/signatures/";
/// What a signature is over begins with this, so that it counts for nothing else.
const DOMAIN: &str = "lexhold/bundle-signature/1";

/// The manifest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// `lexhold/bundle/1`.
    pub schema: String,
    /// The name, the same for every revision.
    pub name: String,
    /// Each revision is higher than the one before.
    pub revision: u64,
    /// From when on it counts.
    pub not_before: Option<Timestamp>,
    /// From when on it counts no more.
    pub expires: Option<Timestamp>,
    /// The digest of the bundle, as everywhere else.
    pub bundle: Digest,
    /// The digest under which a home stores these files.
    pub sources: Digest,
    /// The firm's extension of the Cedar schema among the files.
    pub cedar_schema: Option<String>,
    /// What read the files when it was built.
    pub versions: Versions,
    /// Every file with the SHA-256 of its bytes.
    pub files: BTreeMap<String, Digest>,
}

/// The schema of a manifest.
pub const SCHEMA: &str = "lexhold/bundle/1";

impl Manifest {
    /// Why the bundle does not count at this time.
    pub fn not_now(&self, now: Timestamp) -> Option<Refusal> {
        let message = match (self.not_before, self.expires) {
            (Some(from), _) if now < from => format!("it counts from {from}"),
            (_, Some(until)) if now >= until => format!("it has counted until {until}"),
            _ => return None,
        };
        Some(Refusal::new(codes::NOT_NOW, message))
    }

    /// Why this Lexhold is not one that the bundle was made for.
    pub fn other_version(&self) -> Option<Refusal> {
        let difference = self.versions.other_version()?;
        let message = format!("made for another version: {difference}");
        Some(Refusal::new(codes::OTHER_VERSION, message))
    }

    /// Why this Lexhold, to which the files make a bundle of this digest, reads them in another way than the one that built it.
    pub fn otherwise_read(&self, digest: Digest) -> Option<Refusal> {
        let (now, then) = (digest.short(), self.bundle.short());
        let message = format!("its files make bundle {now}, where it was built as {then}");
        (digest != self.bundle).then(|| Refusal::new(codes::OTHER_VERSION, message))
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Signed {
    signer: String,
    signature: Signature,
}

/// A bundle taken apart, with nothing checked but that each part is what it has to be.
pub struct Parts {
    /// What it says of itself.
    pub manifest: Manifest,
    /// The files, each one that the manifest names.
    pub files: Files,
    /// The bytes that signatures are over.
    manifest_bytes: Vec<u8>,
    signatures: BTreeMap<String, Signature>,
}

impl Parts {
    /// A bundle that nobody has signed.
    pub fn unsigned(manifest: Manifest, files: Files) -> Result<Self, serde_json::Error> {
        let mut manifest_bytes = serde_json::to_vec_pretty(&manifest)?;
        manifest_bytes.push(b'\n');
        Ok(Self {
            manifest,
            files,
            manifest_bytes,
            signatures: BTreeMap::new(),
        })
    }

    /// Takes the bytes of a bundle apart, and holds every file against the manifest.
    ///
    /// # Errors
    /// No bundle, an extra file, a file that is missing or another.
    pub fn of(bytes: &[u8]) -> Result<Self, Refusal> {
        let none = |why: &str| Refusal::new(codes::NO_BUNDLE, why.to_owned());
        let mut files = unpack(bytes).map_err(|why| none(&why))?;
        let manifest_bytes = files.remove(MANIFEST).ok_or_else(|| none("it has no manifest"))?;
        let manifest: Manifest =
            serde_json::from_slice(&manifest_bytes).map_err(|_| none("its manifest cannot be read"))?;
        if manifest.schema != SCHEMA {
            return Err(none("its manifest has another format"));
        }
        let signatures = take_signatures(&mut files)?;
        for (path, bytes) in &files {
            match manifest.files.get(path) {
                None => {
                    let message = format!("`{path}` is not in its manifest");
                    return Err(Refusal::new(codes::EXTRA_FILE, message));
                }
                Some(digest) if *digest != Digest::of(bytes) => {
                    let message = format!("`{path}` is not the file that its manifest names");
                    return Err(Refusal::new(codes::OTHER_FILE, message));
                }
                Some(_) => {}
            }
        }
        if let Some(path) = manifest.files.keys().find(|path| !files.contains_key(*path)) {
            return Err(Refusal::new(codes::OTHER_FILE, format!("`{path}` is missing")));
        }
        Ok(Self {
            manifest,
            files,
            manifest_bytes,
            signatures,
        })
    }

    /// Everything as files of an archive.
    pub fn archive(&self) -> Result<Files, serde_json::Error> {
        let mut files = self.files.clone();
        files.insert(MANIFEST.to_owned(), self.manifest_bytes.clone());
        for (signer, signature) in &self.signatures {
            let signed = Signed {
                signer: signer.clone(),
                signature: *signature,
            };
            let text = format!("{:#}\n", serde_json::to_value(signed)?);
            files.insert(signature_path(signer), text.into_bytes());
        }
        Ok(files)
    }

    /// Puts a signature beside the manifest; one that this signer gave before is replaced.
    pub fn sign(&mut self, signer: &str, key: &SecretKey) {
        let signature = key.sign(&self.signed_text(signer));
        self.signatures.insert(signer.to_owned(), signature);
    }

    /// In whose names there are signatures, true ones or not.
    pub fn signers(&self) -> impl Iterator<Item = &str> {
        self.signatures.keys().map(String::as_str)
    }

    /// Whether a signature in this name is that of the key's holder; none where there is no signature.
    fn is_signed_by(&self, signer: &str, key: &PublicKey) -> Option<bool> {
        let signature = self.signatures.get(signer)?;
        Some(key.has_signed(&self.signed_text(signer), signature))
    }

    /// Who of those with these keys has signed, where at least so many have, and nobody else in the name of one of them.
    ///
    /// # Errors
    /// Too few signatures that count, or one that is not that of its signer.
    pub fn signed_by(&self, keys: &BTreeMap<String, PublicKey>, wanted: usize) -> Result<Vec<String>, Refusal> {
        let mut signers = Vec::new();
        for (signer, key) in keys {
            match self.is_signed_by(signer, key) {
                Some(true) => signers.push(signer.clone()),
                Some(false) => {
                    let message = format!("the signature in the name of `{signer}` is not theirs");
                    return Err(Refusal::new(codes::FALSE_SIGNATURE, message));
                }
                None => {}
            }
        }
        if signers.len() >= wanted {
            return Ok(signers);
        }
        let others: Vec<&str> = self.signers().filter(|signer| !keys.contains_key(*signer)).collect();
        let others = match others.as_slice() {
            [] => String::new(),
            others => format!("; {} is not trusted here", others.join(", ")),
        };
        let message = format!("{} of {wanted} signatures that count{others}", signers.len());
        Err(Refusal::new(codes::NOT_SIGNED, message))
    }

    fn signed_text(&self, signer: &str) -> Vec<u8> {
        [format!("{DOMAIN} {signer}\n").as_bytes(), &self.manifest_bytes].concat()
    }
}

fn signature_path(signer: &str) -> String {
    format!("{SIGNATURES}{signer}.json")
}

fn take_signatures(files: &mut Files) -> Result<BTreeMap<String, Signature>, Refusal> {
    let paths: Vec<String> = files
        .keys()
        .filter(|path| path.starts_with(SIGNATURES))
        .cloned()
        .collect();
    let mut signatures = BTreeMap::new();
    for path in paths {
        let bytes = files.remove(&path).unwrap_or_default();
        let signed: Option<Signed> = serde_json::from_slice(&bytes).ok();
        let Some(signed) = signed.filter(|signed| signature_path(&signed.signer) == path) else {
            return Err(Refusal::new(codes::NO_BUNDLE, format!("`{path}` is no signature")));
        };
        signatures.insert(signed.signer, signed.signature);
    }
    Ok(signatures)
}
