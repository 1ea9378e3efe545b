//! Components: whatever the bytes are, they are refused in one line, or are within every bound; and
//! what is within them and small is compiled, linked, described and asked.
#![no_main]

use execution_router::policy::inspect;
use execution_router::{Cache, Compiler, Loader, SandboxProfile, compose};
use libfuzzer_sys::fuzz_target;

/// What is larger is only inspected: compiling takes far longer than finding something.
const COMPILED_BYTES_MAX: usize = 16 << 10;

fuzz_target!(|bytes: &[u8]| {
    for profile in SandboxProfile::ALL {
        if let Err(error) = inspect(bytes, profile) {
            let words = error.to_string();
            assert!(!words.is_empty() && !words.contains('\n'), "{words}");
        }
    }
    let _ = compose::sections(bytes);
    if bytes.len() > COMPILED_BYTES_MAX {
        return;
    }
    let cache = Cache::disabled();
    let loader = Loader::new(&cache).compiler(Compiler::in_process());
    if let Err(error) = loader.component(bytes) {
        assert!(!error.to_string().contains('\n'), "{error}");
    }
});
