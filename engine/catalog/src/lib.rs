//! lexhold-catalog
