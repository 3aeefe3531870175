//! The little of Markdown that the rules need: headings, links, code spans and fenced blocks, each with its line.

/// A Markdown file, taken apart.
#[derive(Debug, Default)]
pub(super) struct Page {
    /// The anchors of its headings, as code hosts spell them.
    pub(super) anchors: Vec<String>,
    /// Targets of links: `[text](target)` and `[name]: target`.
    pub(super) links: Vec<(usize, String)>,
    /// What stands between backticks.
    pub(super) code_spans: Vec<(usize, String)>,
    /// Fenced blocks with their language and lines.
    pub(super) blocks: Vec<Block>,
}

/// A fenced block.
#[derive(Debug, Default)]
pub(super) struct Block {
    pub(super) language: String,
    pub(super) lines: Vec<(usize, String)>,
}

/// Takes the text of a Markdown file apart.
pub(super) fn read(text: &str) -> Page {
    let mut page = Page::default();
    let mut fence: Option<(String, Block)> = None;
    let mut paragraph: Vec<(usize, &str)> = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let trimmed = line.trim_start();
        if let Some((mark, block)) = &mut fence {
            if trimmed.starts_with(mark.as_str()) && trimmed.trim_end().chars().all(|c| mark.starts_with(c)) {
                page.blocks.extend(fence.take().map(|(_, block)| block));
            } else {
                block.lines.push((number, line.to_owned()));
            }
            continue;
        }
        if trimmed.starts_with("```") || trimmed.starts_with("~~~") {
            page.read_paragraph(&std::mem::take(&mut paragraph));
            let mark: String = trimmed.chars().take_while(|c| trimmed.starts_with(*c)).collect();
            let info = trimmed.trim_start_matches(['`', '~']);
            let language = info.split([' ', ',', '{']).next().unwrap_or_default().trim().to_lowercase();
            fence = Some((mark, Block { language, lines: Vec::new() }));
            continue;
        }
        if let Some(heading) = heading(trimmed) {
            page.add_anchor(heading);
        }
        if trimmed.is_empty() {
            page.read_paragraph(&std::mem::take(&mut paragraph));
        } else {
            paragraph.push((number, line));
        }
    }
    page.read_paragraph(&paragraph);
    page.blocks.extend(fence.map(|(_, block)| block));
    page
}

impl Page {
    /// A heading that stands twice gets a number from the second on.
    fn add_anchor(&mut self, heading: &str) {
        let anchor = slug(heading);
        let repeated = |known: &&String| {
            **known == anchor
                || known
                    .strip_prefix(&anchor)
                    .and_then(|rest| rest.strip_prefix('-'))
                    .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit()))
        };
        let times = self.anchors.iter().filter(repeated).count();
        self.anchors.push(if times == 0 { anchor } else { format!("{anchor}-{times}") });
    }

    fn read_paragraph(&mut self, lines: &[(usize, &str)]) {
        let Some((first, _)) = lines.first() else { return };
        let text: Vec<&str> = lines.iter().map(|(_, line)| *line).collect();
        let text = text.join("\n");
        let line_of = |offset: usize| first + text.get(..offset).unwrap_or_default().matches('\n').count();

        let mut prose = String::new();
        let mut from = 0;
        while let Some(start) = text.get(from..).and_then(|rest| rest.find('`')).map(|at| from + at) {
            prose.push_str(text.get(from..start).unwrap_or_default());
            let rest = text.get(start..).unwrap_or_default();
            let ticks = rest.len() - rest.trim_start_matches('`').len();
            let inside = start + ticks;
            let Some(length) = closing(text.get(inside..).unwrap_or_default(), ticks) else {
                prose.push_str(text.get(start..inside).unwrap_or_default());
                from = inside;
                continue;
            };
            let span = text.get(inside..inside + length).unwrap_or_default();
            self.code_spans.push((line_of(start), span.trim().replace('\n', " ")));
            // Same length and line breaks, so that what follows keeps its line.
            prose.extend(
                text.get(start..inside + length + ticks)
                    .unwrap_or_default()
                    .bytes()
                    .map(|byte| if byte == b'\n' { '\n' } else { ' ' }),
            );
            from = inside + length + ticks;
        }
        prose.push_str(text.get(from..).unwrap_or_default());
        self.read_links(&prose, *first);
    }

    fn read_links(&mut self, prose: &str, first: usize) {
        let mut from = 0;
        while let Some(at) = prose.get(from..).and_then(|rest| rest.find("](")).map(|at| from + at) {
            let line = first + prose.get(..at).unwrap_or_default().matches('\n').count();
            let rest = prose.get(at + 2..).unwrap_or_default();
            let target: String = rest.chars().take_while(|c| *c != ')' && !c.is_whitespace()).collect();
            from = at + 2 + target.len();
            self.links.push((line, target));
        }
        for (line, text) in (first..).zip(prose.lines()) {
            if let Some((name, target)) =
                text.trim_start().strip_prefix('[').and_then(|rest| rest.split_once("]:"))
                && !name.contains(']')
                && let Some(target) = target.split_whitespace().next()
            {
                self.links.push((line, target.to_owned()));
            }
        }
    }
}

/// Where a run of exactly `ticks` backticks begins.
fn closing(text: &str, ticks: usize) -> Option<usize> {
    let mut from = 0;
    loop {
        let start = from + text.get(from..)?.find('`')?;
        let rest = text.get(start..)?;
        let run = rest.len() - rest.trim_start_matches('`').len();
        if run == ticks {
            return Some(start);
        }
        from = start + run;
    }
}

fn heading(line: &str) -> Option<&str> {
    let text = line.trim_start_matches('#');
    let level = line.len() - text.len();
    ((1..=6).contains(&level) && text.starts_with(' ')).then(|| text.trim().trim_end_matches('#').trim_end())
}

/// The anchor of a heading: lower case, spaces to hyphens, other marks dropped.
fn slug(heading: &str) -> String {
    // A link in a heading counts with its text only.
    let mut text = String::new();
    let mut rest = heading;
    while let Some((before, after)) = rest.split_once("](") {
        text.push_str(before);
        rest = after.split_once(')').map_or("", |(_, after)| after);
    }
    text.push_str(rest);
    text.to_lowercase()
        .chars()
        .filter_map(|c| match c {
            ' ' => Some('-'),
            '-' | '_' => Some(c),
            _ => c.is_alphanumeric().then_some(c),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_become_anchors() {
        let page = read(
            "# Wink: the design\n## `crates/` and more\n# Twice\n# Twice\n```\n# not one\n```\n## [Text](x.md)\n",
        );
        assert_eq!(page.anchors, ["wink-the-design", "crates-and-more", "twice", "twice-1", "text"]);
    }

    #[test]
    fn links_and_code_spans_keep_their_lines() {
        let page = read("one [a](b.md)\n`code\nspan` [c](d.md \"title\")\n\n`[no](link)` [e]\n\n[e]: f.md\n");
        assert_eq!(page.links, [(1, "b.md".to_owned()), (3, "d.md".to_owned()), (7, "f.md".to_owned())]);
        assert_eq!(page.code_spans, [(2, "code span".to_owned()), (5, "[no](link)".to_owned())]);
    }

    #[test]
    fn fenced_blocks_keep_language_and_lines() {
        let page = read("text\n```sh\nwink help\n```\n- item\n  ```console\n  $ wink\n  ```\n");
        let blocks: Vec<(&str, usize)> = page
            .blocks
            .iter()
            .map(|block| (block.language.as_str(), block.lines.first().unwrap().0))
            .collect();
        assert_eq!(blocks, [("sh", 3), ("console", 7)]);
    }
}
