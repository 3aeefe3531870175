//! Draws a chart as SVG: lines, bands and marks over two axes. Knows nothing of what they mean.

mod cells;
mod legend;
mod scale;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context;

pub(crate) use cells::Cells;
use legend::Legend;
use scale::Scale;

/// A chart.
#[derive(Default)]
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
    /// Estimates apart from each other, each with its interval.
    pub(crate) estimates: Vec<Estimates<'a>>,
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
    /// Whether it is what the line before is compared with: dashed, in the same colour if there are several, and named once for all.
    pub(crate) is_beside: bool,
}

impl<'a> Line<'a> {
    /// A line of its own.
    pub(crate) fn of(name: &'a str, points: Vec<(f64, f64)>) -> Self {
        Self { name, points, is_beside: false }
    }

    /// What the line before is compared with.
    pub(crate) fn beside(name: &'a str, points: Vec<(f64, f64)>) -> Self {
        Self { name, points, is_beside: true }
    }
}

/// Estimates, as (along, lower, estimate, upper).
pub(crate) struct Estimates<'a> {
    pub(crate) name: &'a str,
    pub(crate) points: Vec<(f64, f64, f64, f64)>,
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
/// What is no line's own.
const GREY: &str = "#444";

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
        let legend = Legend::of(self);
        let top = top + legend.extra();
        let lines = self.lines.iter().flat_map(|line| line.points.iter().copied());
        let bands = self.bands.iter().flat_map(|band| &band.points);
        let estimates = self.estimates.iter().flat_map(|one| &one.points);
        let points: Vec<(f64, f64)> = lines
            .chain(bands.flat_map(|(x, low, high)| [(*x, *low), (*x, *high)]))
            .chain(estimates.flat_map(|(x, low, middle, high)| [(*x, *low), (*x, *middle), (*x, *high)]))
            .collect();
        let along = Scale::over(points.iter().map(|point| point.0), left, WIDTH - right)?;
        let up = Scale::over(points.iter().map(|point| point.1), HEIGHT - bottom, top)?;
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" \
             font-family=\"sans-serif\" font-size=\"12\">\n<title>{}</title>\n\
             <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n",
            escaped(self.title)
        );
        text(&mut svg, (left, 22.0), "start", "font-size=\"15\" font-weight=\"bold\"", self.title);
        axes(&mut svg, (&along, &up), top, self.along_dates);
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
        for (line, colour) in self.lines.iter().zip(self.colours()) {
            let points: Vec<String> = line
                .points
                .iter()
                .filter(|(x, y)| x.is_finite() && y.is_finite())
                .map(|(x, y)| format!("{:.1},{:.1}", along.place(*x), up.place(*y)))
                .collect();
            let points = points.join(" ");
            let dashes = if line.is_beside { " stroke-dasharray=\"6 4\"" } else { "" };
            // Writing to a text cannot fail.
            let _written = writeln!(
                svg,
                "<polyline points=\"{points}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.8\"{dashes}/>"
            );
        }
        for (estimates, colour) in self.estimates.iter().zip(self.colours().skip(self.lines.len())) {
            whiskers(&mut svg, estimates, (&along, &up), colour);
        }
        legend.draw(&mut svg);
        svg.push_str("</svg>\n");
        Some(svg)
    }

    /// The colour of each line, then of each of the estimates.
    fn colours(&self) -> impl Iterator<Item = &'static str> {
        let are_beside = self.lines.iter().map(|line| line.is_beside);
        // Where each line has one of its own beside it, only the colour tells which; a single one is as its name says, in no line's colour.
        let are_told_apart = 1 < self.lines.iter().filter(|line| line.is_beside).count();
        let mut number = 0;
        are_beside.chain(self.estimates.iter().map(|_| false)).map(move |is_beside| {
            number += usize::from(!is_beside);
            // What stands beside no line has no line's colour.
            let place = usize::checked_sub(number, 1).map(|place| place % COLOURS.len());
            place
                .filter(|_| !is_beside || are_told_apart)
                .and_then(|place| COLOURS.get(place))
                .copied()
                .unwrap_or(GREY)
        })
    }
}

/// Each estimate as a dot, with its interval as an upright line.
fn whiskers(svg: &mut String, estimates: &Estimates<'_>, (along, up): (&Scale, &Scale), colour: &str) {
    let are_finite = |(x, low, middle, high): &&(f64, f64, f64, f64)| {
        [x, low, middle, high].into_iter().all(|number| number.is_finite())
    };
    for (x, low, middle, high) in estimates.points.iter().filter(are_finite) {
        let x = along.place(*x);
        let style = format!("stroke=\"{colour}\" stroke-width=\"1.8\"");
        segment(svg, (x, up.place(*low)), (x, up.place(*high)), &style);
        let y = up.place(*middle);
        let _written = writeln!(svg, "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\" fill=\"{colour}\"/>");
    }
}

fn axes(svg: &mut String, (along, up): (&Scale, &Scale), top: f64, along_dates: bool) {
    let [left, right, _, bottom] = MARGINS;
    for (value, word) in up.ticks() {
        let y = up.place(value);
        segment(svg, (left, y), (WIDTH - right, y), "stroke=\"#ddd\"");
        text(svg, (left - 8.0, y + 4.0), "end", "", &word);
    }
    let ticks = if along_dates { along.days() } else { along.ticks() };
    for (value, word) in ticks {
        let x = along.place(value);
        segment(svg, (x, HEIGHT - bottom), (x, HEIGHT - bottom + 5.0), "stroke=\"#444\"");
        // A date at the right end would be cut off.
        let (place, anchor) =
            if WIDTH < x + 40.0 && along_dates { (WIDTH - 4.0, "end") } else { (x, "middle") };
        text(svg, (place, HEIGHT - bottom + 20.0), anchor, "", &word);
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
            lines: vec![Line::of("observed", points)],
            bands: vec![Band { points: vec![(0.0, 1.0, 3.0), (1.0, 2.0, 4.0)] }],
            estimates: Vec::new(),
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
    fn estimates_are_dots_with_their_intervals() {
        let estimates =
            vec![Estimates { name: "seen", points: vec![(0.5, 1.0, 2.0, 3.0), (f64::NAN, 1.0, 2.0, 3.0)] }];
        let svg = Chart { estimates, ..chart(vec![(0.0, 2.0), (1.0, 3.0)]) }.svg().unwrap();
        assert_eq!(svg.matches("<circle").count(), 1);
        assert!(svg.contains(">seen<") && !svg.contains("NaN"), "{svg}");
    }

    #[test]
    fn what_a_line_is_compared_with_has_its_colour_and_one_name() {
        let both = |name| {
            [
                Line::of(name, vec![(0.0, 0.0), (1.0, 2.0)]),
                Line::beside("by chance", vec![(0.0, 0.0), (1.0, 1.0)]),
            ]
        };
        let lines = ["SMS", "e-mail"].into_iter().flat_map(both).collect();
        let svg = Chart { lines, ..chart(Vec::new()) }.svg().unwrap();
        assert_eq!(svg.matches(">by chance<").count(), 1);
        let strokes: Vec<&str> = svg.lines().filter(|line| line.starts_with("<polyline")).collect();
        let colour = |line: &str| COLOURS.iter().position(|colour| line.contains(colour)).unwrap();
        assert_eq!(strokes.iter().map(|line| colour(line)).collect::<Vec<_>>(), [0, 0, 1, 1]);
        assert_eq!(
            strokes.iter().map(|line| line.contains("dasharray")).collect::<Vec<_>>(),
            [false, true, false, true]
        );
    }

    #[test]
    fn what_alone_stands_beside_a_line_is_drawn_as_it_is_named() {
        let lines = vec![
            Line::of("difference", vec![(0.0, 0.0), (1.0, 2.0)]),
            Line::beside("no difference", vec![(0.0, 0.0), (1.0, 0.0)]),
        ];
        let svg = Chart { lines, ..chart(Vec::new()) }.svg().unwrap();
        let dashed: Vec<&str> = svg.lines().filter(|line| line.contains("\"6 4\"")).collect();
        assert_eq!(dashed.len(), 2, "the line and its name: {svg}");
        assert!(dashed.iter().all(|line| line.contains(&format!("stroke=\"{GREY}\""))), "{dashed:?}");
    }

    #[test]
    fn a_long_legend_goes_on_in_the_next_line() {
        let names: Vec<String> =
            (0..8).map(|number| format!("a treatment with a long name {number}")).collect();
        let lines = names.iter().map(|name| Line::of(name, vec![(0.0, 0.0), (1.0, 1.0)])).collect();
        let svg = Chart { lines, ..chart(Vec::new()) }.svg().unwrap();
        let places = |name: &String| -> (f64, f64) {
            let line = svg.lines().find(|line| line.contains(&format!(">{name}<"))).unwrap();
            let number =
                |of: &str| line.split(of).nth(1).unwrap().split('"').next().unwrap().parse().unwrap();
            (number(" x=\""), number(" y=\""))
        };
        assert!(names.iter().all(|name| places(name).0 < WIDTH - 200.0), "{svg}");
        assert!(places(&names[0]).1 < places(&names[7]).1, "{svg}");
    }

    #[test]
    fn nothing_is_not_drawn() {
        assert!(Chart { bands: Vec::new(), ..chart(Vec::new()) }.svg().is_none());
        assert!(chart(vec![(f64::NAN, 1.0)]).svg().is_some_and(|svg| !svg.contains("NaN")));
    }
}
