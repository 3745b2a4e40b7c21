#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| inia_fuzz::smithy(data));
