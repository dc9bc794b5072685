#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| lexhold_fuzz::rule_text(data));
