//! lexhold-retention
