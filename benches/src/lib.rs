//! lexhold-benches
