//! lexhold-store
