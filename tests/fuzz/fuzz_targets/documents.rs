//! Policy documents: whatever stands in one, it has findings or becomes a table that the engine
//! takes, and that is the same after it was written and read.
#![no_main]

use libfuzzer_sys::fuzz_target;
use router_guest::document::Document;
use router_guest::engine::Engine;
use router_guest::table::Table;

fuzz_target!(|text: &str| {
    let Ok(document) = Document::parse(text) else {
        return;
    };
    let table = document.table();
    if let Ok(encoded) = table.encode() {
        let read = Table::decode(&encoded).expect("what is written reads back");
        assert_eq!(&read, table);
        Engine::new(&read).expect("an encoded table is sound");
    }
});
