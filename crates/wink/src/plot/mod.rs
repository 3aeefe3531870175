//! Draws a chart as SVG: lines, bands and marks over two axes. Knows nothing of what they mean.

mod cells;
mod scale;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context;

pub(crate) use cells::Cells;
use scale::Scale;

/// A chart.
pub(crate) struct Chart<'a> {
    pub(crate) title: &'a str,
    /// What runs along, with its unit.
    pub(crate) along: &'a str,
    /// Whether these are days since 1970, and written as dates.
    pub(crate) along_dates: bool,
    /// What runs up, with its unit.
    pub(crate) up: &'a str,
    pub(crate) lines: Vec<Line<'a>>,
    /// Areas between a lower and an upper line, drawn below the lines.
    pub(crate) bands: Vec<Band>,
    /// Places along that are marked by an upright line, each with a word.
    pub(crate) marks: Vec<(f64, &'a str)>,
}

/// Reads where a picture is to be written. Its ending is what other programs go by, and what is written is SVG.
pub(crate) fn picture(written: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(written);
    match path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("svg")) {
        true => Ok(path),
        false => Err("pictures are drawn as SVG; give the file a name that ends in .svg".to_owned()),
    }
}

/// A line through points.
pub(crate) struct Line<'a> {
    pub(crate) name: &'a str,
    pub(crate) points: Vec<(f64, f64)>,
}

/// An area, as (along, lower, upper).
pub(crate) struct Band {
    pub(crate) points: Vec<(f64, f64, f64)>,
}

const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 440.0;
/// Room for the words around the drawing: left, right, top, bottom.
const MARGINS: [f64; 4] = [78.0, 24.0, 78.0, 56.0];
/// Told apart by people who see colours differently as well (Okabe, Ito 2008).
const COLOURS: [&str; 5] = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9"];

impl Chart<'_> {
    /// Writes the chart to a file.
    ///
    /// # Errors
    /// Fails if there is nothing to draw, or the file cannot be written.
    pub(crate) fn write(&self, path: &Path) -> anyhow::Result<()> {
        let svg = self.svg().context("there is nothing to draw")?;
        std::fs::write(path, svg).with_context(|| format!("`{}` cannot be written", path.display()))
    }

    /// Draws it; `None` without two different points.
    fn svg(&self) -> Option<String> {
        let [left, right, top, bottom] = MARGINS;
        let lines = self.lines.iter().flat_map(|line| line.points.iter().copied());
        let bands = self.bands.iter().flat_map(|band| &band.points);
        let points: Vec<(f64, f64)> =
            lines.chain(bands.flat_map(|(x, low, high)| [(*x, *low), (*x, *high)])).collect();
        let along = Scale::over(points.iter().map(|point| point.0), left, WIDTH - right)?;
        let up = Scale::over(points.iter().map(|point| point.1), HEIGHT - bottom, top)?;
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" \
             font-family=\"sans-serif\" font-size=\"12\">\n<title>{}</title>\n\
             <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n",
            escaped(self.title)
        );
        text(&mut svg, (left, 22.0), "start", "font-size=\"15\" font-weight=\"bold\"", self.title);
        axes(&mut svg, &along, &up, self.along_dates);
        text(&mut svg, ((left + WIDTH - right) / 2.0, HEIGHT - 14.0), "middle", "", self.along);
        text(&mut svg, (left, top - 10.0), "start", "fill=\"#444\"", self.up);
        for band in &self.bands {
            svg.push_str(&area(band, &along, &up));
        }
        for (place, word) in &self.marks {
            let x = along.place(*place);
            segment(&mut svg, (x, top), (x, HEIGHT - bottom), "stroke=\"#444\" stroke-dasharray=\"4 3\"");
            text(&mut svg, (x + 4.0, top + 12.0), "start", "fill=\"#444\"", word);
        }
        let mut legend = left;
        for (line, colour) in self.lines.iter().zip(COLOURS.iter().cycle()) {
            let points: Vec<String> = line
                .points
                .iter()
                .filter(|(x, y)| x.is_finite() && y.is_finite())
                .map(|(x, y)| format!("{:.1},{:.1}", along.place(*x), up.place(*y)))
                .collect();
            let points = points.join(" ");
            // Writing to a text cannot fail.
            let _written = writeln!(
                svg,
                "<polyline points=\"{points}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.8\"/>"
            );
            segment(
                &mut svg,
                (legend, 40.0),
                (legend + 18.0, 40.0),
                &format!("stroke=\"{colour}\" stroke-width=\"3\""),
            );
            text(&mut svg, (legend + 24.0, 44.0), "start", "", line.name);
            legend += 60.0 + 7.0 * f64::from(u16::try_from(line.name.chars().count()).unwrap_or(u16::MAX));
        }
        svg.push_str("</svg>\n");
        Some(svg)
    }
}

fn axes(svg: &mut String, along: &Scale, up: &Scale, along_dates: bool) {
    let [left, right, top, bottom] = MARGINS;
    for (value, word) in up.ticks() {
        let y = up.place(value);
        segment(svg, (left, y), (WIDTH - right, y), "stroke=\"#ddd\"");
        text(svg, (left - 8.0, y + 4.0), "end", "", &word);
    }
    let ticks = if along_dates { along.days() } else { along.ticks() };
    for (value, word) in ticks {
        let x = along.place(value);
        segment(svg, (x, HEIGHT - bottom), (x, HEIGHT - bottom + 5.0), "stroke=\"#444\"");
        text(svg, (x, HEIGHT - bottom + 20.0), "middle", "", &word);
    }
    segment(svg, (left, HEIGHT - bottom), (WIDTH - right, HEIGHT - bottom), "stroke=\"#444\"");
    segment(svg, (left, top), (left, HEIGHT - bottom), "stroke=\"#444\"");
}

fn area(band: &Band, along: &Scale, up: &Scale) -> String {
    let there = band.points.iter().map(|(x, low, _)| (*x, *low));
    let back = band.points.iter().rev().map(|(x, _, high)| (*x, *high));
    let around: Vec<String> =
        there.chain(back).map(|(x, y)| format!("{:.1},{:.1}", along.place(x), up.place(y))).collect();
    format!("<polygon points=\"{}\" fill=\"{}\" fill-opacity=\"0.18\"/>\n", around.join(" "), COLOURS[0])
}

fn segment(svg: &mut String, (x1, y1): (f64, f64), (x2, y2): (f64, f64), style: &str) {
    let _written =
        writeln!(svg, "<line x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\" {style}/>");
}

fn text(svg: &mut String, (x, y): (f64, f64), anchor: &str, style: &str, words: &str) {
    let words = escaped(words);
    let _written =
        writeln!(svg, "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" {style}>{words}</text>");
}

fn escaped(words: &str) -> String {
    words.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(points: Vec<(f64, f64)>) -> Chart<'static> {
        Chart {
            title: "Sales & <more>",
            along: "day",
            along_dates: false,
            up: "EUR",
            lines: vec![Line { name: "observed", points }],
            bands: vec![Band { points: vec![(0.0, 1.0, 3.0), (1.0, 2.0, 4.0)] }],
            marks: vec![(0.5, "begins")],
        }
    }

    #[test]
    fn a_chart_is_one_well_formed_picture() {
        let svg = chart(vec![(0.0, 2.0), (1.0, 3.0)]).svg().unwrap();
        assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"), "{svg}");
        assert!(svg.contains("Sales &amp; &lt;more&gt;") && !svg.contains("NaN"), "{svg}");
        assert_eq!((svg.matches("<polyline").count(), svg.matches("<polygon").count()), (1, 1));
    }

    #[test]
    fn nothing_is_not_drawn() {
        assert!(Chart { bands: Vec::new(), ..chart(Vec::new()) }.svg().is_none());
        assert!(chart(vec![(f64::NAN, 1.0)]).svg().is_some_and(|svg| !svg.contains("NaN")));
    }
}
