//! The rules of `docs/design.md`, held by a test: which file may use which, where `unsafe` and byteorder may stand, what the
//! crate depends on, what lies at the top, how long a file may be.
//!
//! Every check takes text and gives complaints, so each has a test below it with a file that breaks the rule.

mod sources;

use sources::{assert_none, code_only, root, rust_files, words};

// --- 1. the import rule ---------------------------------------------------------------------------------------------

/// What part of the crate a file belongs to, for the import rule.
#[derive(Clone, Copy, PartialEq)]
enum Part {
    Base,
    Crypto,
    Chapter(u32),
    /// Programs and the crate root, which may use everything.
    Free,
}

fn part_of(path: &str) -> Part {
    let folder = path.trim_start_matches("src/").split('/').next().unwrap_or("");
    let name = folder.trim_end_matches(".rs");
    match name {
        "base" => Part::Base,
        "crypto" => Part::Crypto,
        _ => chapter_number(name).map_or(Part::Free, Part::Chapter),
    }
}

/// 4 for `ch04_data`; `None` for any other word.
fn chapter_number(word: &str) -> Option<u32> {
    let (digits, rest) = word.strip_prefix("ch")?.split_at_checked(2)?;
    if rest.starts_with('_') { digits.parse().ok() } else { None }
}

fn import_complaints(path: &str, source: &str) -> Vec<String> {
    let mine = part_of(path);
    let mut complaints = Vec::new();
    if mine == Part::Free {
        return complaints;
    }
    let code = code_only(source);
    for (line, word, after) in words(&code) {
        if let Some(reason) = forbidden_import(mine, word, after) {
            complaints.push(format!("{path}:{line}: {reason}"));
        }
    }
    // Either brings in a file from a folder this test does not look at.
    for detour in ["#[path", "include!"] {
        if code.contains(detour) {
            complaints.push(format!("{path}: `{detour}` goes around the import rule"));
        }
    }
    complaints
}

fn forbidden_import(mine: Part, word: &str, after: &str) -> Option<String> {
    if let Some(other) = chapter_number(word) {
        return match mine {
            Part::Chapter(number) if other <= number => None,
            Part::Chapter(number) => Some(format!("chapter {number} uses `{word}`, which comes later")),
            _ => Some(format!("`{word}`: base and crypto know no chapter")),
        };
    }
    match (mine, word) {
        (_, "netprog") if after.starts_with("::") => {
            Some("say `crate::`, so that this test sees it".to_string())
        }
        (Part::Base, "crypto") => Some("base does not know crypto".to_string()),
        (Part::Crypto, "crate") if after.starts_with("::") && !after.starts_with("::crypto::") => {
            Some("crypto uses nothing but itself".to_string())
        }
        _ => None,
    }
}

#[test]
fn every_arrow_points_to_a_smaller_number() {
    for (path, source) in rust_files("src") {
        assert_none(&import_complaints(&path, &source));
    }
}

#[test]
fn a_chapter_that_uses_a_later_one_is_found() {
    let fails = |path, source| import_complaints(path, source).len() == 1;
    assert!(fails("src/ch03_tcp/dial.rs", "use crate::ch04_data::tlv;"));
    assert!(fails("src/ch03_tcp/dial.rs", "use crate::{base::conn, ch11_tls::client};"));
    assert!(fails("src/ch03_tcp/dial.rs", "fn f() { super::super::ch04_data::g() }"));
    assert!(fails("src/ch03_tcp/dial.rs", "use netprog::base::conn::Conn;"));
    assert!(fails("src/ch03_tcp/dial.rs", "#[path = \"../late/tlv.rs\"]\nmod tlv;"));
    assert!(fails("src/base/conn/socket.rs", "use crate::ch03_tcp::dial;"));
    assert!(fails("src/base/random.rs", "use crate::crypto::sha256;"));
    assert!(fails("src/crypto/hmac.rs", "use crate::base::wire;"));
}

#[test]
fn what_the_import_rule_allows_is_allowed() {
    let passes = |path, source| import_complaints(path, source).is_empty();
    assert!(passes("src/ch04_data/proxy.rs", "use crate::base::conn;\nuse crate::ch03_tcp::dial;"));
    assert!(passes("src/ch04_data/proxy.rs", "use crate::ch04_data::tlv; use crate::crypto::sha256;"));
    assert!(passes("src/ch04_data/mod.rs", "//! Unlike [`crate::ch09_http_server`].\npub mod tlv;"));
    assert!(passes("src/base/trace.rs", "fn f() { chapter(\"ch03_tcp\") } // ch04_data"));
    assert!(passes("src/crypto/hmac.rs", "use crate::crypto::sha256;"));
    assert!(passes("src/bin/tour/main.rs", "use netprog::ch14_serverless::xkcd;"));
}

// --- 2 and 3. unsafe and byteorder ----------------------------------------------------------------------------------

/// Files under these names may hold `unsafe`.
const UNSAFE: [&str; 2] = ["src/base/sys.rs", "src/base/sys/"];
/// Files under these names may use byteorder.
const BYTEORDER: [&str; 4] =
    ["src/base/wire.rs", "src/base/wire/", "src/ch04_data/tlv.rs", "src/ch04_data/tlv/"];

fn word_complaints(path: &str, source: &str, forbidden: &str, allowed: &[&str]) -> Vec<String> {
    let mut complaints = Vec::new();
    if allowed.iter().any(|start| path.starts_with(start)) {
        return complaints;
    }
    for (line, word, _) in words(&code_only(source)) {
        if word == forbidden {
            complaints.push(format!("{path}:{line}: `{forbidden}` stands in {} only", allowed[0]));
        }
    }
    complaints
}

#[test]
fn unsafe_stands_in_sys_only() {
    for (path, source) in all_sources() {
        assert_none(&word_complaints(&path, &source, "unsafe", &UNSAFE));
    }
}

#[test]
fn byteorder_stands_in_wire_and_in_tlv_only() {
    for (path, source) in all_sources() {
        assert_none(&word_complaints(&path, &source, "byteorder", &BYTEORDER));
    }
}

#[test]
fn unsafe_elsewhere_is_found_and_the_word_in_prose_is_not() {
    let found = |path, source| word_complaints(path, source, "unsafe", &UNSAFE).len();
    assert_eq!(found("src/base/pipe.rs", "fn f() { unsafe { g() } }"), 1);
    assert_eq!(found("src/base/system.rs", "unsafe fn f() {}"), 1);
    assert_eq!(
        found("src/base/pipe.rs", "// unsafe\nfn f() { \"unsafe\"; r#\"unsafe\"#; /* /* */ unsafe */ }"),
        0
    );
    assert_eq!(found("src/base/mod.rs", "#[allow(unsafe_code)]\npub mod sys;"), 0);
    assert_eq!(found("src/base/sys.rs", "unsafe { g() }"), 0);
    assert_eq!(found("src/base/sys/splice.rs", "unsafe { g() }"), 0);
    assert_eq!(found("src/base/pipe.rs", "let quote = '\"'; unsafe { g() } let end = '\"';"), 1);
    assert_eq!(found("src/base/pipe.rs", "fn f<'a>(x: &'a u8) { unsafe { g() } }"), 1);
}

#[test]
fn byteorder_elsewhere_is_found() {
    let found = |path| word_complaints(path, "use byteorder::ByteOrder;", "byteorder", &BYTEORDER).len();
    assert_eq!(found("src/ch06_tftp/packet.rs"), 1);
    assert_eq!(found("src/base/wire.rs"), 0);
    assert_eq!(found("src/ch04_data/tlv.rs"), 0);
}

// --- 4. dependencies ------------------------------------------------------------------------------------------------

/// What the crate needs at run time and to build, in whatever table of the manifest it stands, in alphabetical order.
fn dependencies(manifest: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut inside = false;
    for line in manifest.lines() {
        let line = line.trim();
        if let Some(header) = line.strip_prefix('[') {
            let table = header.trim_end_matches(']');
            inside = is_dependency_table(table);
            if let Some((_, name)) = table.split_once("dependencies.") {
                if is_dependency_table(table.trim_end_matches(name).trim_end_matches('.')) {
                    names.push(name.to_string());
                }
            }
        } else if inside && !line.starts_with('#') {
            if let Some((name, _)) = line.split_once('=') {
                names.push(name.split('.').next().unwrap_or(name).trim().trim_matches('"').to_string());
            }
        }
    }
    names.sort();
    names
}

/// `[dependencies]`, `[build-dependencies]`, `[target.'cfg(unix)'.dependencies]`; not `[dev-dependencies]`.
fn is_dependency_table(table: &str) -> bool {
    table.ends_with("dependencies") && !table.ends_with("dev-dependencies")
}

#[test]
fn the_crate_depends_on_three_crates() {
    let manifest = sources::read("Cargo.toml").expect("there is a manifest");
    assert_eq!(dependencies(&manifest), ["byteorder", "getrandom", "libc"]);
}

#[test]
fn a_fourth_dependency_is_found_wherever_it_stands() {
    let extra = |text: &str| dependencies(&format!("[dependencies]\nlibc = \"0.2\"\n{text}")).len();
    assert_eq!(extra("# tokio = \"1\"\n"), 1);
    assert_eq!(extra("tokio = { version = \"1\" }\n"), 2);
    assert_eq!(extra("tokio.workspace = true\n"), 2);
    assert_eq!(extra("[dependencies.tokio]\nversion = \"1\"\n"), 2);
    assert_eq!(extra("[target.'cfg(unix)'.dependencies]\nnix = \"0.29\"\n"), 2);
    assert_eq!(extra("[build-dependencies]\ncc = \"1\"\n"), 2);
    assert_eq!(extra("[dev-dependencies]\nrustls = \"0.23\"\n[lints.rust]\nunsafe_code = \"deny\"\n"), 1);
}

// --- 5. the top level -----------------------------------------------------------------------------------------------

const TOP: [&str; 9] =
    ["Cargo.toml", "Cargo.lock", "rustfmt.toml", "Makefile", "README.md", "src", "tests", "docs", "target"];

fn top_level_complaints(names: &[String]) -> Vec<String> {
    let mut complaints = Vec::new();
    for name in names {
        let wanted = TOP.contains(&name.as_str()) || name.starts_with('.') || name.starts_with("LICENSE-");
        if !wanted {
            complaints
                .push(format!("{name}: the top level holds only {}, LICENSE-* and dotfiles", TOP.join(", ")));
        }
    }
    complaints
}

#[test]
fn the_top_level_holds_what_the_design_lists() {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(root()).expect("the top can be read").flatten() {
        names.push(entry.file_name().to_string_lossy().into_owned());
    }
    assert_none(&top_level_complaints(&names));
}

#[test]
fn a_stray_file_at_the_top_is_found() {
    let found = |name: &str| top_level_complaints(&[name.to_string()]).len();
    assert_eq!(found("build.rs"), 1);
    assert_eq!(found("examples"), 1);
    assert_eq!(found(".vscode"), 0);
    assert_eq!(found("LICENSE-MIT"), 0);
}

// --- 6 to 9. files --------------------------------------------------------------------------------------------------

/// A file is an idea. Beyond this many lines it is two, or its first lines say why not.
const MOST_LINES: usize = 400;
const LONG_BECAUSE: &str = "//! This file is long because ";

fn length_complaints(path: &str, source: &str) -> Vec<String> {
    let lines = source.lines().count();
    let gives_a_reason =
        |line: &str| line.strip_prefix(LONG_BECAUSE).is_some_and(|reason| !reason.trim().is_empty());
    if lines <= MOST_LINES || source.lines().take(12).any(gives_a_reason) {
        return Vec::new();
    }
    vec![format!("{path}: {lines} lines; split it, or say near the top `{LONG_BECAUSE}…`")]
}

fn unfinished_complaints(path: &str, source: &str) -> Vec<String> {
    let mut complaints = Vec::new();
    for (line, word, after) in words(&code_only(source)) {
        if matches!(word, "todo" | "unimplemented" | "dbg") && after.starts_with('!') {
            complaints.push(format!("{path}:{line}: `{word}!` is not finished work"));
        }
    }
    complaints
}

/// A `mod.rs` is a reading order: modules, re-exports, and prose.
fn module_page_complaints(path: &str, source: &str) -> Vec<String> {
    let mut complaints = Vec::new();
    if !(path.ends_with("/mod.rs") && matches!(part_of(path), Part::Chapter(_))) {
        return complaints;
    }
    for statement in code_only(source).split(';') {
        let statement = without_attributes(statement);
        let is_module = statement.starts_with("mod ") || statement.starts_with("pub mod ");
        let is_page = (is_module && !statement.contains('{')) || statement.starts_with("pub use ");
        if !(is_page || statement.is_empty()) {
            let first = statement.lines().next().unwrap_or("");
            complaints.push(format!("{path}: `{first}` is code, and a mod.rs holds none"));
        }
    }
    complaints
}

fn without_attributes(statement: &str) -> &str {
    let mut rest = statement.trim();
    while rest.starts_with("#[") || rest.starts_with("#![") {
        let end = rest.find(']').map_or(rest.len(), |end| end + 1);
        rest = rest[end..].trim_start();
    }
    rest
}

fn opening_complaints(path: &str, source: &str) -> Vec<String> {
    if source.starts_with("//! ") {
        Vec::new()
    } else {
        vec![format!("{path}: begin with `//!` and what this is")]
    }
}

fn all_sources() -> Vec<(String, String)> {
    let mut files = rust_files("src");
    files.extend(rust_files("tests"));
    files
}

#[test]
fn a_file_is_an_idea_and_a_long_one_says_why() {
    let mut complaints = Vec::new();
    for (path, source) in all_sources() {
        complaints.extend(length_complaints(&path, &source));
    }
    assert_none(&complaints);
}

#[test]
fn a_long_file_without_a_reason_is_found() {
    let long = "//! A file.\n".to_string() + &"fn f() {}\n".repeat(MOST_LINES);
    assert_eq!(length_complaints("src/a.rs", &long).len(), 1);
    assert_eq!(length_complaints("src/a.rs", &format!("{LONG_BECAUSE}\n{long}")).len(), 1);
    assert!(length_complaints("src/a.rs", &format!("{LONG_BECAUSE}its table is.\n{long}")).is_empty());
    assert!(length_complaints("src/a.rs", "//! A file.\n").is_empty());
}

#[test]
fn nothing_is_left_unfinished() {
    for (path, source) in rust_files("src") {
        assert_none(&unfinished_complaints(&path, &source));
    }
}

#[test]
fn an_unfinished_function_is_found() {
    assert_eq!(
        unfinished_complaints("src/a.rs", "fn f() { todo!() }\nfn g() { unimplemented!(\"later\") }").len(),
        2
    );
    assert_eq!(unfinished_complaints("src/a.rs", "fn f(x: u8) -> u8 { dbg!(x) }").len(), 1);
    assert!(unfinished_complaints("src/a.rs", "// todo!()\nfn todo() {}").is_empty());
}

#[test]
fn a_chapters_mod_file_holds_no_code() {
    for (path, source) in rust_files("src") {
        assert_none(&module_page_complaints(&path, &source));
    }
}

#[test]
fn code_in_a_mod_file_is_found() {
    let found = |source| module_page_complaints("src/ch03_tcp/mod.rs", source).len();
    assert_eq!(
        found("//! Chapter 3.\npub mod dial;\npub use dial::{Dialer, dial};\n#[cfg(test)]\nmod tests;\n"),
        0
    );
    assert_eq!(found("//! Chapter 3.\npub mod dial;\npub const PORT: u16 = 7;\n"), 1);
    assert_eq!(found("//! Chapter 3.\nmod inner { pub fn f() {} }\n"), 1);
    assert_eq!(found("//! Chapter 3.\n#[inline]\npub fn f() {}\n"), 1);
    assert!(module_page_complaints("src/base/conn/mod.rs", "fn f() {}").is_empty());
}

#[test]
fn every_file_begins_by_saying_what_it_is() {
    for (path, source) in all_sources() {
        assert_none(&opening_complaints(&path, &source));
    }
}

#[test]
fn a_file_that_begins_with_code_is_found() {
    assert_eq!(opening_complaints("src/a.rs", "use std::io;\n").len(), 1);
    assert_eq!(opening_complaints("src/a.rs", "// A comment, but not the module's.\n").len(), 1);
    assert!(opening_complaints("src/a.rs", "//! A module.\n").is_empty());
}

#[test]
fn only_code_is_left_of_a_source() {
    let source = "let a = \"//\\\"\"; // b\nlet c = br#\"\"c\"#; let d: &'d str = r#type; '\\''; e";
    assert_eq!(
        code_only(source).split_whitespace().collect::<Vec<_>>().join(" "),
        "let a = ; let c = b ; let d: &'d str = r#type; ; e"
    );
}
