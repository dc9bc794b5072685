//! lexhold-rules
