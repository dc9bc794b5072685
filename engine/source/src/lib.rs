//! lexhold-source
