//! What may stand at a place of a document, by the shapes that checking uses.

use lexhold_document::{Field, Kind, Seg, Shape, front_fields};
use lexhold_evaluate::shape_of;

/// The shape of a whole document: the keys of every document, and those of its kind.
pub fn whole(kind: Kind) -> Shape {
    let mut shape = shape_of(kind);
    if let Shape::Map(fields) = &mut shape {
        for field in front_fields(kind) {
            if fields.fields.iter().all(|own| own.name != field.name) {
                fields.fields.push(field);
            }
        }
    }
    shape
}

/// Every shape that may stand at the end of a path.
pub fn at(kind: Kind, path: &[Seg]) -> Vec<Shape> {
    let mut shapes = alternatives(whole(kind));
    for seg in path {
        shapes = shapes
            .into_iter()
            .flat_map(|shape| step(shape, seg))
            .flat_map(alternatives)
            .collect();
    }
    shapes
}

/// The keys that may stand in the map at the end of a path, beside keys that do already.
pub fn keys(kind: Kind, path: &[Seg], beside: &[String]) -> Vec<Field> {
    let maps = at(kind, path).into_iter().filter_map(|shape| match shape {
        Shape::Map(fields) => Some(fields.fields),
        _ => None,
    });
    // Of several forms, those that know every key that is there.
    let maps: Vec<Vec<Field>> = maps.collect();
    let knows = |fields: &&Vec<Field>| beside.iter().all(|key| fields.iter().any(|field| field.name == key));
    let fitting: Vec<&Vec<Field>> = maps.iter().filter(knows).collect();
    let chosen = if fitting.is_empty() {
        maps.iter().collect()
    } else {
        fitting
    };
    let mut keys: Vec<Field> = Vec::new();
    for field in chosen.into_iter().flatten() {
        if !beside.iter().any(|key| key == field.name) && keys.iter().all(|known| known.name != field.name) {
            keys.push(field.clone());
        }
    }
    keys
}

/// What is known of the key at the end of a path.
pub fn field(kind: Kind, path: &[Seg]) -> Option<Field> {
    let (Seg::Key(key), parents) = path.split_last()? else {
        return None;
    };
    keys(kind, parents, &[]).into_iter().find(|field| field.name == key)
}

/// The words that may stand at the end of a path.
pub fn words(kind: Kind, path: &[Seg]) -> Vec<&'static str> {
    let mut words: Vec<&'static str> = Vec::new();
    for shape in at(kind, path) {
        let more: &[&'static str] = match &shape {
            Shape::Choice(known) => known,
            Shape::Bool => &["true", "false"],
            _ => &[],
        };
        words.extend(
            more.iter()
                .filter(|word| !words.contains(word))
                .copied()
                .collect::<Vec<_>>(),
        );
    }
    words
}

/// What a value of a shape looks like, for people.
pub fn describe(shape: &Shape) -> String {
    let listed = |words: &[&str]| {
        let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
        quoted.join(", ")
    };
    match shape {
        Shape::Any => "anything".into(),
        Shape::Closer(_, shape) => outermost(shape()),
        Shape::Counted(..) => "a list".into(),
        Shape::Text => "text".into(),
        Shape::Integer => "an integer".into(),
        Shape::Number => "a number".into(),
        Shape::Bool => listed(&["true", "false"]),
        Shape::Id => "an id, such as `off-channel`".into(),
        Shape::Date => "a date, such as `2026-11-21`".into(),
        Shape::Instant => "an instant, such as `2026-11-21T09:30:00Z`".into(),
        Shape::Duration => "a period, such as `P7Y`".into(),
        Shape::Version => "a version, such as `1.2.0`".into(),
        Shape::Choice(words) => listed(words),
        Shape::List(items) => format!("a list of {}", describe(items)),
        Shape::OneOrMany(items) => format!("{}, or a list", describe(items)),
        Shape::Open(_) | Shape::Map(_) => "a map".into(),
        Shape::Named(_, shape) => describe(&shape()),
        Shape::Either(shapes) => {
            let mut all: Vec<String> = shapes.iter().map(describe).collect();
            all.dedup();
            all.join(" or ")
        }
    }
}

/// What may nest in itself, told without its inside.
fn outermost(shape: Shape) -> String {
    let told = |shape: Shape| match shape {
        Shape::List(_) | Shape::Closer(..) => "a list".into(),
        Shape::Map(fields) => {
            let names: Vec<String> = fields.fields.iter().map(|field| format!("`{}`", field.name)).collect();
            format!("a map with some of {}", names.join(", "))
        }
        plain => describe(&plain),
    };
    let mut all: Vec<String> = alternatives(shape).into_iter().map(told).collect();
    all.dedup();
    match all.is_empty() {
        true => "nothing".into(),
        false => all.join(" or "),
    }
}

/// The plain shapes behind one that stands for several.
fn alternatives(shape: Shape) -> Vec<Shape> {
    match shape {
        Shape::Named(_, shape) => alternatives(shape()),
        Shape::Either(shapes) => shapes.into_iter().flat_map(alternatives).collect(),
        Shape::OneOrMany(items) => {
            let mut all = alternatives((*items).clone());
            all.push(Shape::List(items));
            all
        }
        shape => vec![shape],
    }
}

fn step(shape: Shape, seg: &Seg) -> Option<Shape> {
    match (shape, seg) {
        (Shape::Map(fields), Seg::Key(key)) => {
            let field = fields.fields.into_iter().find(|field| field.name == key)?;
            Some(field.shape)
        }
        (Shape::Open(values), Seg::Key(_)) => Some(*values),
        (Shape::List(items), Seg::Index(_)) => Some(*items),
        _ => None,
    }
}
