//! lexhold-policy
