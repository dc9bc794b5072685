//! lexhold-tests
