//! Reads what `strace -f -yy` wrote, and proves an order on it: nothing is acknowledged before it is on disk.
//!
//! strace stops a thread when it enters a call and when it returns, and writes both in the order in which they happened. So a line
//! further down is later, and a call of which strace wrote `<unfinished ...>` had not returned at that place.

use std::collections::BTreeMap;

/// One thing that happened, in the order it did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Entered(Call),
    /// The call of the same number returned this.
    Returned {
        call: usize,
        result: i64,
    },
}

/// A system call. Only what the proof needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Call {
    pub(crate) number: usize,
    pub(crate) name: String,
    /// What the descriptor leads to: a path, or `TCP:[…]`.
    pub(crate) target: String,
    /// The bytes that were written, if it writes.
    pub(crate) bytes: Vec<u8>,
}

/// What a decision says that was made about nobody, and so is not kept.
pub(crate) const NOBODY: &str = "nobody is known under this identity";

/// Something acknowledged too early.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Early {
    /// The id was never written to the journal before.
    NotWritten(String),
    /// It was written, but no sync that began after that had succeeded.
    NotSynced(String),
    /// The server went on acknowledging after a sync of its journal had failed.
    AfterFailedSync(String),
}

/// Reads a trace.
pub(crate) fn read(trace: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut unfinished: BTreeMap<&str, usize> = BTreeMap::new();
    for (number, line) in trace.lines().enumerate() {
        let Some((thread, rest)) = line.split_once(' ') else { continue };
        let rest = rest.trim_start();
        if let Some(resumed) = rest.strip_prefix("<... ") {
            let Some(call) = unfinished.remove(thread) else { continue };
            if resumed.contains(" resumed>") {
                steps.push(Step::Returned { call, result: result_of(rest) });
            }
            continue;
        }
        let Some(call) = call(number, rest) else { continue };
        steps.push(Step::Entered(call));
        if rest.ends_with("<unfinished ...>") {
            unfinished.insert(thread, number);
        } else {
            steps.push(Step::Returned { call: number, result: result_of(rest) });
        }
    }
    steps
}

fn call(number: usize, text: &str) -> Option<Call> {
    let (name, arguments) = text.split_once('(')?;
    let known = ["write", "writev", "pwrite64", "sendto", "sendmsg", "fdatasync", "fsync"].contains(&name);
    let (_, rest) = arguments.split_once('<').filter(|_| known)?;
    // A target may hold brackets of its own, `TCP:[127.0.0.1:1->127.0.0.1:2]`, but always ends before `,` or `)`.
    let end = rest.find(">,").or_else(|| rest.find(">)")).or_else(|| rest.find("> <unfinished"))?;
    let (target, data) = rest.split_at(end);
    let matters = is_journal(target) || is_client(target);
    let bytes = if matters { bytes(data) } else { Vec::new() };
    Some(Call { number, name: name.to_owned(), target: target.to_owned(), bytes })
}

/// The result behind the last ` = `; a call that never returned has none, which counts as failed.
fn result_of(line: &str) -> i64 {
    let result = line.rsplit_once(" = ").map_or("", |(_, result)| result);
    result.split(' ').next().and_then(|number| number.parse().ok()).unwrap_or(-1)
}

/// All quoted strings, with C escapes undone, one after the other.
fn bytes(data: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = data.bytes().peekable();
    let mut quoted = false;
    while let Some(byte) = rest.next() {
        match (quoted, byte) {
            (false, b'"') => quoted = true,
            (true, b'"') => quoted = false,
            (true, b'\\') => match rest.next() {
                Some(b'n') => bytes.push(b'\n'),
                Some(b'r') => bytes.push(b'\r'),
                Some(b't') => bytes.push(b'\t'),
                Some(b'v') => bytes.push(0x0b),
                Some(b'f') => bytes.push(0x0c),
                Some(digit @ b'0'..=b'7') => {
                    let mut value = u32::from(digit - b'0');
                    for _ in 0..2 {
                        let Some(next) = rest.next_if(|next| (b'0'..=b'7').contains(next)) else { break };
                        value = value * 8 + u32::from(next - b'0');
                    }
                    bytes.push(u8::try_from(value).unwrap());
                }
                Some(other) => bytes.push(other),
                None => {}
            },
            (true, byte) => bytes.push(byte),
            (false, _) => {}
        }
    }
    bytes
}

/// A write into a journal.
struct Write<'a> {
    call: &'a Call,
    progress: Progress,
    /// Its bytes after the last ones of the write before: an id may begin in one and end in the next.
    text: String,
}

impl<'a> Write<'a> {
    fn new(call: &'a Call, before: Option<&Write<'_>>) -> Self {
        let before = before.map_or(&[][..], |before| &before.call.bytes);
        let tail = &before[before.len().saturating_sub(15)..];
        Self { call, progress: Progress::Writing, text: as_text(&[tail, &call.bytes].concat()) }
    }
}

/// How far a write is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    /// It was entered.
    Writing,
    Written,
    /// A sync was entered after it had returned.
    Syncing {
        call: usize,
    },
    Synced,
}

/// Proves, for every id in every answer with status 200, that its bytes were written to a journal file, the write returned, then a sync of
/// the same file was entered and returned success, and only then the answer was written to its socket.
///
/// Gives back what was proven: the number of ids.
pub(crate) fn prove(steps: &[Step]) -> Result<usize, Vec<Early>> {
    let mut calls: BTreeMap<usize, &Call> = BTreeMap::new();
    let mut writes: Vec<Write> = Vec::new();
    let (mut failed, mut early, mut proven) = (false, Vec::new(), 0);
    for step in steps {
        match step {
            Step::Entered(call) => {
                calls.insert(call.number, call);
                if is_journal(&call.target) && is_sync(call) {
                    for write in &mut writes {
                        if write.call.target == call.target && write.progress == Progress::Written {
                            write.progress = Progress::Syncing { call: call.number };
                        }
                    }
                } else if is_journal(&call.target) {
                    let before = writes.iter().rfind(|write| write.call.target == call.target);
                    writes.push(Write::new(call, before));
                } else if is_client(&call.target) && call.bytes.starts_with(b"HTTP/1.1 200") {
                    for id in ids(&call.bytes) {
                        proven += 1;
                        if failed {
                            early.push(Early::AfterFailedSync(id.clone()));
                        }
                        let needle = as_text(&uuid_bytes(&id));
                        let mut with_it =
                            writes.iter().filter(|write| write.text.contains(&needle)).peekable();
                        if with_it.peek().is_none() {
                            early.push(Early::NotWritten(id));
                        } else if !with_it.any(|write| write.progress == Progress::Synced) {
                            early.push(Early::NotSynced(id));
                        }
                    }
                }
            }
            Step::Returned { call, result } => {
                let Some(returned) = calls.remove(call) else { continue };
                let good = 0 <= *result;
                failed |= !good && is_journal(&returned.target) && is_sync(returned);
                for write in &mut writes {
                    match write.progress {
                        Progress::Writing if write.call.number == *call && good => {
                            write.progress = Progress::Written
                        }
                        Progress::Syncing { call: sync } if sync == *call => {
                            write.progress = if good { Progress::Synced } else { Progress::Written };
                        }
                        _ => {}
                    }
                }
            }
        }
    }
    if early.is_empty() { Ok(proven) } else { Err(early) }
}

fn is_journal(target: &str) -> bool {
    target.ends_with(".jnl")
}

fn is_client(target: &str) -> bool {
    target.starts_with("TCP:")
}

fn is_sync(call: &Call) -> bool {
    call.name == "fdatasync" || call.name == "fsync"
}

/// The ids an answer promises: of events and decisions. A dry run promises nothing, nor does an answer about nobody.
fn ids(answer: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(answer);
    if text.contains("\"dry_run\":true") || text.contains(NOBODY) {
        return Vec::new();
    }
    text.split('"')
        .filter(|word| word.starts_with("evt_") || word.starts_with("dec_"))
        .map(str::to_owned)
        .collect()
}

/// The 16 bytes under which the store keeps an id.
fn uuid_bytes(id: &str) -> Vec<u8> {
    let digits: String = id.chars().skip(4).filter(|digit| *digit != '-').collect();
    let byte = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).unwrap();
    (0..digits.len()).step_by(2).map(byte).collect()
}

/// Bytes as characters of the same number, for the fast search that texts have.
fn as_text(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

const ID: &str = "evt_41424344-4546-4748-494a-4b4c4d4e4f50";
const WRITE: &str = r#"7 write(12</s/engine/0.jnl>, "\1\2ABCDEFGHIJKLMNOP\0", 19) = 19"#;
const SYNC: &str = "7 fdatasync(12</s/engine/0.jnl>) = 0";

fn acknowledge() -> String {
    format!(
        r#"8 writev(15<TCP:[127.0.0.1:1->127.0.0.1:2]>, [{{iov_base="HTTP/1.1 200 OK\r\n\r\n", iov_len=19}}, {{iov_base="{{\"id\":\"{ID}\"}}", iov_len=9}}], 2) = 28"#
    )
}

fn check(lines: &[&str], expected: Result<usize, Vec<Early>>) {
    assert_eq!(prove(&read(&lines.join("\n"))), expected, "{lines:#?}");
}

#[test]
fn written_synced_acknowledged_is_in_order() {
    check(&[WRITE, SYNC, &acknowledge()], Ok(1));
}

#[test]
fn an_answer_before_the_sync_is_caught() {
    check(&[WRITE, &acknowledge(), SYNC], Err(vec![Early::NotSynced(ID.to_owned())]));
}

#[test]
fn an_answer_while_the_sync_still_runs_is_caught() {
    let (begins, ends) =
        ("7 fdatasync(12</s/engine/0.jnl> <unfinished ...>", "7 <... fdatasync resumed>) = 0");
    check(&[WRITE, begins, &acknowledge(), ends], Err(vec![Early::NotSynced(ID.to_owned())]));
    check(&[WRITE, begins, ends, &acknowledge()], Ok(1));
}

#[test]
fn a_sync_that_began_before_the_write_returned_does_not_count() {
    let begins = r#"7 write(12</s/engine/0.jnl>, "ABCDEFGHIJKLMNOP", 16 <unfinished ...>"#;
    let other_sync = "9 fdatasync(12</s/engine/0.jnl>) = 0";
    let ends = "7 <... write resumed>) = 16";
    check(&[begins, other_sync, ends, &acknowledge()], Err(vec![Early::NotSynced(ID.to_owned())]));
}

#[test]
fn a_sync_of_another_file_does_not_count() {
    let other = "7 fdatasync(13</s/heads.new>) = 0";
    let next_journal = "7 fdatasync(14</s/engine/1.jnl>) = 0";
    check(&[WRITE, other, next_journal, &acknowledge()], Err(vec![Early::NotSynced(ID.to_owned())]));
}

#[test]
fn a_sync_that_failed_does_not_count_and_nothing_may_follow_it() {
    let failed = "7 fdatasync(12</s/engine/0.jnl>) = -1 EIO (Input/output error) (INJECTED)";
    let id = || ID.to_owned();
    check(&[WRITE, failed, &acknowledge()], Err(vec![Early::AfterFailedSync(id()), Early::NotSynced(id())]));
    check(&[WRITE, failed, SYNC, &acknowledge()], Err(vec![Early::AfterFailedSync(id())]));
}

#[test]
fn an_answer_to_what_was_never_written_is_caught() {
    let another = r#"7 write(12</s/engine/0.jnl>, "something else", 14) = 14"#;
    check(&[another, SYNC, &acknowledge()], Err(vec![Early::NotWritten(ID.to_owned())]));
    let elsewhere = WRITE.replace("engine/0.jnl", "notes");
    check(&[&elsewhere, SYNC, &acknowledge()], Err(vec![Early::NotWritten(ID.to_owned())]));
}

#[test]
fn an_id_may_lie_across_two_writes() {
    let begins = r#"7 write(12</s/engine/0.jnl>, "\1\2ABCDEF", 8) = 8"#;
    let ends = r#"7 write(12</s/engine/0.jnl>, "GHIJKLMNOP\0", 11) = 11"#;
    check(&[begins, ends, SYNC, &acknowledge()], Ok(1));
    check(&[begins, SYNC, ends, &acknowledge()], Err(vec![Early::NotSynced(ID.to_owned())]));
}

#[test]
fn a_write_that_failed_does_not_count() {
    let failed =
        r#"7 write(12</s/engine/0.jnl>, "ABCDEFGHIJKLMNOP", 16) = -1 ENOSPC (No space left on device)"#;
    check(&[failed, SYNC, &acknowledge()], Err(vec![Early::NotSynced(ID.to_owned())]));
}

#[test]
fn a_dry_run_promises_nothing() {
    let dry = acknowledge().replace("}\", iov_len=9", ",\\\"dry_run\\\":true}\", iov_len=9");
    check(&[&dry], Ok(0));
}

#[test]
fn bytes_are_read_as_strace_escapes_them() {
    assert_eq!(bytes(r#", "a\"\\\n\0\1779\377", 7"#), b"a\"\\\n\0\x7f9\xff");
}
