//! What the keys of a document are, said once: for checking, and for a schema.
//!
//! ```
//! use lexhold_document::{Shape, choice, either, list, map, optional, required};
//!
//! fn schedule() -> Shape {
//!     map([
//!         required("id", Shape::Id, "unique within the document"),
//!         optional("title", Shape::Text, "one line for people"),
//!         required(
//!             "retain",
//!             map([
//!                 required("for", either([Shape::Duration, choice(&["permanent"])]), "how long"),
//!                 optional("from", Shape::Text, "the trigger"),
//!             ]),
//!             "how long the messages are kept",
//!         ),
//!     ])
//! }
//! let shape = map([optional("schedules", list(schedule()), "one item a class of records")]);
//! # assert!(matches!(shape, Shape::Map(_)));
//! ```

/// What a value may be.
#[derive(Debug, Clone)]
pub enum Shape {
    /// Anything; the owner of the kind looks closer.
    Any,
    /// Text.
    Text,
    /// A whole number.
    Integer,
    /// A number, with or without a fraction.
    Number,
    /// `true` or `false`.
    Bool,
    /// An id: `[a-z0-9][a-z0-9._-]*`.
    Id,
    /// A civil date, `2026-11-21`.
    Date,
    /// An instant of RFC 3339, `2026-11-21T09:30:00Z`.
    Instant,
    /// An ISO 8601 duration, `P7Y`.
    Duration,
    /// A semantic version, `1.2.0`.
    Version,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A list whose items have a shape.
    List(Box<Shape>),
    /// A list of so many items, at least and at most.
    Counted(Box<Shape>, usize, Option<usize>),
    /// One value of a shape, or a list of them.
    OneOrMany(Box<Shape>),
    /// A map with any keys, whose values have a shape.
    Open(Box<Shape>),
    /// A map with known keys.
    Map(Fields),
    /// One of several shapes; a map is held against the one whose keys it fits best.
    Either(Vec<Shape>),
    /// A shape with a name of its own, made when it is needed, so that shapes may nest in
    /// themselves.
    Named(&'static str, fn() -> Shape),
    /// Anything to checking, for the owner of the kind looks closer and tells more; a shape with a name to schemas.
    Closer(&'static str, fn() -> Shape),
}

/// The keys of a map.
#[derive(Debug, Clone, Default)]
pub struct Fields {
    /// Every key that may stand there.
    pub fields: Vec<Field>,
    /// Groups of keys of which exactly one has to be there.
    pub exactly_one: Vec<&'static [&'static str]>,
    /// Groups of keys of which one or more have to be there.
    pub at_least_one: Vec<&'static [&'static str]>,
    /// Keys none of which may be there without another.
    pub needing: Vec<(&'static [&'static str], &'static str)>,
}

/// One key of a map.
#[derive(Debug, Clone)]
pub struct Field {
    /// The key.
    pub name: &'static str,
    /// Whether it has to be there.
    pub required: bool,
    /// What stands under it.
    pub shape: Shape,
    /// One line that says what it is for.
    pub doc: &'static str,
}

/// A key that has to be there.
pub fn required(name: &'static str, shape: Shape, doc: &'static str) -> Field {
    Field {
        name,
        required: true,
        shape,
        doc,
    }
}

/// A key that may be there.
pub fn optional(name: &'static str, shape: Shape, doc: &'static str) -> Field {
    Field {
        name,
        required: false,
        shape,
        doc,
    }
}

/// A map with known keys.
pub fn map(fields: impl IntoIterator<Item = Field>) -> Shape {
    Shape::Map(Fields {
        fields: fields.into_iter().collect(),
        ..Fields::default()
    })
}

/// A map with any keys, whose values have this shape.
pub fn open(values: Shape) -> Shape {
    Shape::Open(Box::new(values))
}

/// A list whose items have this shape.
pub fn list(items: Shape) -> Shape {
    Shape::List(Box::new(items))
}

/// One value of this shape, or a list of them: `one_or_many(Shape::Text)` is "text or list".
pub fn one_or_many(items: Shape) -> Shape {
    Shape::OneOrMany(Box::new(items))
}

/// A list of so many items of this shape, at least and at most.
pub fn counted(items: Shape, least: usize, most: Option<usize>) -> Shape {
    Shape::Counted(Box::new(items), least, most)
}

/// One of these words.
pub fn choice(words: &'static [&'static str]) -> Shape {
    Shape::Choice(words)
}

/// One of these shapes.
pub fn either(shapes: impl IntoIterator<Item = Shape>) -> Shape {
    Shape::Either(shapes.into_iter().collect())
}

/// A shape that may nest in itself: `named("match", match_shape)`.
pub fn named(name: &'static str, shape: fn() -> Shape) -> Shape {
    Shape::Named(name, shape)
}

/// Anything that the owner of the kind reads by itself; its schema says this: `closer("match", match_shape)`.
pub fn closer(name: &'static str, shape: fn() -> Shape) -> Shape {
    Shape::Closer(name, shape)
}

impl Shape {
    /// Demands exactly one of these keys; for a map with known keys, others stay as they are.
    pub fn exactly_one(self, keys: &'static [&'static str]) -> Shape {
        self.with(|fields| fields.exactly_one.push(keys))
    }

    /// Demands one or more of these keys; for a map with known keys, others stay as they are.
    pub fn at_least_one(self, keys: &'static [&'static str]) -> Shape {
        self.with(|fields| fields.at_least_one.push(keys))
    }

    /// Lets none of these keys be there without that one; for a map with known keys, others stay as they are.
    pub fn needing(self, keys: &'static [&'static str], key: &'static str) -> Shape {
        self.with(|fields| fields.needing.push((keys, key)))
    }

    fn with(mut self, change: impl FnOnce(&mut Fields)) -> Shape {
        if let Shape::Map(fields) = &mut self {
            change(fields);
        }
        self
    }
}
