//! `wink lint text`: what in a text is not fair, where, and how it could be said.

use std::fs;
use std::io::{Read, stdin};
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use serde::Serialize;
use wink_core::offer::wording::{Finding, Language, Severity, lint, readability};

use crate::arguments::{Lint, LintAction, LintLanguage};
use crate::terminal::{self, say};

/// A text is a mail or a page, not a book.
const BYTES_MAX: u64 = 4 << 20;

#[derive(Serialize)]
struct Report {
    file: String,
    findings: Vec<Found>,
    readability: Vec<Ease>,
}

#[derive(Serialize)]
struct Found {
    line: usize,
    column: usize,
    rule: &'static str,
    class: &'static str,
    severity: &'static str,
    language: &'static str,
    text: String,
    alternative: &'static str,
    /// The value that would show it to be true, if one could.
    binding: Option<&'static str>,
}

#[derive(Serialize)]
struct Ease {
    language: &'static str,
    words: usize,
    sentences: usize,
    syllables: usize,
    ease: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    school_year: Option<f64>,
}

pub(crate) fn run(asked: &Lint) -> anyhow::Result<ExitCode> {
    let LintAction::Text { files, language, strict, json } = &asked.action;
    let languages = match language {
        Some(LintLanguage::De) => vec![Language::German],
        Some(LintLanguage::En) => vec![Language::English],
        None => Language::ALL.to_vec(),
    };
    let mut reports = Vec::with_capacity(files.len());
    let mut fails = false;
    for file in files {
        let text = read(file)?;
        let findings = lint(&text, &languages);
        fails |= findings.iter().any(|finding| *strict || finding.severity == Severity::Block);
        // How hard it is to read can be told only in a language that is named.
        let named = languages.iter().filter(|_| language.is_some());
        reports.push(Report {
            file: file.display().to_string(),
            findings: Found::all(&text, &findings),
            readability: named.filter_map(|language| Ease::of(&text, *language)).collect(),
        });
    }
    terminal::verdict(!fails);
    if *json {
        terminal::json(&reports)?;
    } else {
        reports.iter().for_each(print);
    }
    Ok(if fails { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn read(file: &Path) -> anyhow::Result<String> {
    let mut bytes = Vec::new();
    if file.as_os_str() == "-" {
        stdin()
            .lock()
            .take(BYTES_MAX + 1)
            .read_to_end(&mut bytes)
            .context("standard input cannot be read")?;
    } else {
        let opened = fs::File::open(file).with_context(|| format!("`{}` cannot be read", file.display()))?;
        opened
            .take(BYTES_MAX + 1)
            .read_to_end(&mut bytes)
            .with_context(|| format!("`{}` cannot be read", file.display()))?;
    }
    if BYTES_MAX < u64::try_from(bytes.len()).unwrap_or(u64::MAX) {
        anyhow::bail!(
            "`{}` is larger than 4 MiB; hand over the text of one message at a time",
            file.display()
        );
    }
    String::from_utf8(bytes)
        .ok()
        .with_context(|| format!("`{}` is no text in UTF-8; save it as UTF-8 and try again", file.display()))
}

impl Found {
    /// Says of all findings, which are in the order of the text, where they stand.
    fn all(text: &str, findings: &[Finding]) -> Vec<Self> {
        let (mut line, mut line_start, mut read) = (1, 0, 0);
        let place = |finding: &Finding| {
            let between = text.get(read..finding.at.start).unwrap_or_default();
            line += between.matches('\n').count();
            line_start = between.rfind('\n').map_or(line_start, |end| read + end + 1);
            read = finding.at.start;
            let before = text.get(line_start..finding.at.start).unwrap_or_default();
            Self::at(line, before.chars().count() + 1, text, finding)
        };
        findings.iter().map(place).collect()
    }

    fn at(line: usize, column: usize, text: &str, finding: &Finding) -> Self {
        Self {
            line,
            column,
            rule: finding.rule,
            class: finding.class.name(),
            severity: finding.severity.name(),
            language: finding.language.code(),
            text: text.get(finding.at.clone()).unwrap_or_default().to_owned(),
            alternative: finding.alternative(),
            binding: finding.class.binding(),
        }
    }
}

impl Ease {
    fn of(text: &str, language: Language) -> Option<Self> {
        let read = readability(text, language).ok()?;
        Some(Self {
            language: language.code(),
            words: read.words,
            sentences: read.sentences,
            syllables: read.syllables,
            ease: read.ease,
            school_year: read.school_year,
        })
    }
}

fn print(report: &Report) {
    for found in &report.findings {
        let place = format!("{}:{}:{}", report.file, found.line, found.column);
        say!("{place}: {} {} ({}): \"{}\"", found.severity, found.rule, found.class, found.text);
        match (found.severity, found.binding) {
            ("fact", Some(binding)) => {
                say!("    bind it to {{{{{binding}}}}}, for instance: {}", found.alternative)
            }
            _ => say!("    fair: {}", found.alternative),
        }
    }
    for ease in &report.readability {
        let year = ease.school_year.map_or(String::new(), |year| format!(", school year {year:.1}"));
        say!("{}: {} words, reading ease {:.0} of 100{year}", report.file, ease.words, ease.ease);
    }
    if report.findings.is_empty() {
        say!("{}: nothing found", report.file);
    }
}
