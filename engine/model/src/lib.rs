//! lexhold-model
