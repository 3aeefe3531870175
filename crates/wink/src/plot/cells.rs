//! Draws counts in the cells of a table: the more, the darker.

use std::fmt::Write as _;

use super::{COLOURS, HEIGHT, MARGINS, WIDTH, escaped, text};

/// Counts by row and column.
pub(crate) struct Cells {
    pub(crate) title: String,
    /// What the columns are.
    pub(crate) along: String,
    /// What the rows are.
    pub(crate) up: String,
    pub(crate) columns: Vec<String>,
    /// From above, each with its name.
    pub(crate) rows: Vec<(String, Vec<u64>)>,
}

impl Cells {
    /// Draws them.
    pub(crate) fn svg(&self) -> String {
        let [left, right, top, bottom] = MARGINS;
        let (left, colour) = (left + 20.0, COLOURS.first().copied().unwrap_or("#000"));
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" \
             font-family=\"sans-serif\" font-size=\"12\">\n<title>{}</title>\n\
             <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n",
            escaped(&self.title)
        );
        text(&mut svg, (left, 22.0), "start", "font-size=\"15\" font-weight=\"bold\"", &self.title);
        text(&mut svg, (left, top - 10.0), "start", "fill=\"#444\"", &self.up);
        text(&mut svg, ((left + WIDTH - right) / 2.0, HEIGHT - 14.0), "middle", "", &self.along);
        let all = self.rows.iter().flat_map(|(_, row)| row).sum::<u64>();
        let most = self.rows.iter().flat_map(|(_, row)| row).max().copied().unwrap_or(0);
        let wide = (WIDTH - left - right) / count(self.columns.len());
        let high = (HEIGHT - top - bottom) / count(self.rows.len());
        for (number, name) in self.columns.iter().enumerate() {
            let x = left + (count(number) + 0.5) * wide;
            text(&mut svg, (x, HEIGHT - bottom + 18.0), "middle", "", name);
        }
        for (row, (name, cells)) in self.rows.iter().enumerate() {
            let y = top + count(row) * high;
            text(&mut svg, (left - 8.0, y + high / 2.0 + 4.0), "end", "", name);
            for (column, people) in cells.iter().enumerate() {
                let x = left + count(column) * wide;
                let dark = part(*people, most);
                // Writing to a text cannot fail.
                let _written = writeln!(
                    svg,
                    "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{wide:.1}\" height=\"{high:.1}\" fill=\"{colour}\" \
                     fill-opacity=\"{dark:.3}\" stroke=\"#444\"/>"
                );
                let ink = if 0.6 < dark { "fill=\"white\"" } else { "fill=\"black\"" };
                let middle = (x + wide / 2.0, y + high / 2.0);
                text(&mut svg, middle, "middle", ink, &people.to_string());
                let share = format!("{:.1} %", 100.0 * part(*people, all));
                text(&mut svg, (middle.0, middle.1 + 16.0), "middle", ink, &share);
            }
        }
        svg.push_str("</svg>\n");
        svg
    }
}

fn count(length: usize) -> f64 {
    f64::from(u16::try_from(length).unwrap_or(u16::MAX))
}

fn part(of: u64, all: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "drawn and printed with three digits")]
    let part = of as f64 / all.max(1) as f64;
    part
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_one_well_formed_picture() {
        let cells = Cells {
            title: "who <buys>".to_owned(),
            along: "left".to_owned(),
            up: "buys".to_owned(),
            columns: vec!["0 to 0.5".to_owned(), "0.5 to 1".to_owned()],
            rows: vec![("0 to 1".to_owned(), vec![30, 10])],
        };
        let svg = cells.svg();
        assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"), "{svg}");
        assert!(svg.contains("who &lt;buys&gt;") && svg.contains("75.0 %"), "{svg}");
        assert_eq!(svg.matches("<rect x=").count(), 2);
        let nobody = Cells { rows: vec![("0 to 1".to_owned(), vec![0, 0])], ..cells };
        assert!(!nobody.svg().contains("NaN"));
    }
}
