//! Objects from JSON, lines of JSON, or YAML, whichever the text is.

use serde::de::DeserializeOwned;
use serde_json::Value;

/// The objects of a text: the items of one list, one object a line, or one YAML document after another.
pub(crate) fn objects(text: &str) -> Result<Vec<Value>, String> {
    let start = text.trim_start();
    if start.starts_with('[') {
        return serde_json::from_str(text).map_err(|error| error.to_string());
    }
    if start.starts_with('{') {
        return match serde_json::from_str(text) {
            Ok(object) => Ok(vec![object]),
            Err(_) => lines(text),
        };
    }
    serde_yaml::Deserializer::from_str(text)
        .map(|document| serde::Deserialize::deserialize(document).map_err(|error: serde_yaml::Error| error.to_string()))
        .collect()
}

/// The items under a key of the objects, or the objects themselves where there is no such key.
pub(crate) fn items(text: &str, key: &str) -> Result<Vec<Value>, String> {
    let unpacked = objects(text)?
        .into_iter()
        .flat_map(|mut object| match object.get_mut(key).map(Value::take) {
            Some(Value::Array(items)) => items,
            _ => vec![object],
        });
    Ok(unpacked.collect())
}

/// An object as a type.
pub(crate) fn typed<T: DeserializeOwned>(object: Value) -> Result<T, String> {
    serde_json::from_value(object).map_err(|error| error.to_string())
}

fn lines(text: &str) -> Result<Vec<Value>, String> {
    let line =
        |(n, line): (usize, &str)| serde_json::from_str(line).map_err(|error| format!("line {}: {error}", n + 1));
    text.lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty())
        .map(line)
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn one_list_whatever_it_is_written_in() {
        let expected = vec![json!({"a": 1}), json!({"a": 2})];
        for text in [
            r#"[{"a": 1}, {"a": 2}]"#,
            "{\"a\": 1}\n\n{\"a\": 2}\n",
            "a: 1\n---\na: 2\n",
            "{\"rules\": [{\"a\": 1}, {\"a\": 2}]}",
            "rules:\n- a: 1\n- a: 2\n",
        ] {
            assert_eq!(items(text, "rules").unwrap(), expected, "{text}");
        }
        assert_eq!(
            objects("{\"a\": 1}\n{\"a\"}").unwrap_err(),
            "line 2: expected `:` at line 1 column 5"
        );
    }
}
