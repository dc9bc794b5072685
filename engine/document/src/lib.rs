//! lexhold-document
