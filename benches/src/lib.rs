//! Benchmarks of Lexhold, and the sample messages that they and `make demo` run on.

pub mod clock;
pub mod generate;
pub mod hyperscan;
pub mod terms;
