//! lexhold-evaluate
