//! From a resolved tree to typed values, with errors on the exact node.

use serde::de::DeserializeOwned;
use serde_path_to_error::{Path, Segment, Track};
use serde_yaml::with::singleton_map_recursive;
use serde_yaml::{Mapping, Value as Yaml};

use crate::{Diagnostic, Diagnostics, Node, Seg, Value, codes};

impl Node {
    /// Reads the node into a type; an error is placed on the exact node below.
    ///
    /// An enum is written as a word, or as a map with the one key that names its variant.
    pub fn typed<T: DeserializeOwned>(&self, diagnostics: &mut Diagnostics) -> Option<T> {
        let mut track = Track::new();
        let yaml = self.to_yaml();
        let result = singleton_map_recursive::deserialize(serde_path_to_error::Deserializer::new(yaml, &mut track));
        match result {
            Ok(typed) => Some(typed),
            Err(error) => {
                let place = self.nearest(&segments(&track.path())).place;
                diagnostics.push(Diagnostic::error(codes::UNUSABLE, error.to_string()).at(place, ""));
                None
            }
        }
    }

    /// The tree as serde_yaml knows it.
    pub(crate) fn to_yaml(&self) -> Yaml {
        match &self.value {
            Value::Null => Yaml::Null,
            Value::Bool(value) => Yaml::from(*value),
            Value::Int(value) => Yaml::from(*value),
            Value::Float(value) => Yaml::from(*value),
            Value::Text(value) => Yaml::from(value.as_str()),
            Value::List(items) => Yaml::Sequence(items.iter().map(Node::to_yaml).collect()),
            Value::Map(entries) => {
                let pairs = entries
                    .iter()
                    .map(|entry| (Yaml::from(entry.key.as_str()), entry.node.to_yaml()));
                Yaml::Mapping(pairs.collect::<Mapping>())
            }
        }
    }
}

fn segments(path: &Path) -> Vec<Seg> {
    let known = |segment: &Segment| match segment {
        Segment::Seq { index } => Some(Seg::Index(*index)),
        Segment::Map { key } => Some(Seg::Key(key.clone())),
        Segment::Enum { variant } => Some(Seg::Key(variant.clone())),
        Segment::Unknown => None,
    };
    path.iter().map_while(known).collect()
}
