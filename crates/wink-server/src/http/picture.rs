//! Pictures of codes: modules that are dark or light, drawn as SVG or PNG. What they say is decided elsewhere.

use std::fmt::Write as _;

use barcoders::sym::code128::Code128;
use fast_qr::{ECL, QRBuilder};

/// Light modules around a QR code (ISO/IEC 18004, 9.1).
const QUIET_QR: usize = 4;

/// Light modules beside bars (ISO/IEC 15417, 4.3.4).
const QUIET_BARS: usize = 10;

/// How high bars are, in modules: a sixth of the width of 24 digits, so that a line scanner held askew still crosses them all.
const BAR_HEIGHT: usize = 40;

/// Pixels of a module in a PNG: a printer at 300 dots an inch makes a third of a millimetre of it, which scanners read.
const PIXELS: usize = 4;

/// Switches Code 128 to its set of digits, two in one symbol; how the library spells that.
const DIGITS_ONLY: char = '\u{0106}';

/// A picture, module by module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Picture {
    /// The rows from above; all are equally long, the quiet zone is part of them.
    rows: Vec<Vec<bool>>,
    /// How many modules high a row is.
    row_height: usize,
}

impl Picture {
    /// Draws a QR code that bears 15 % of damage. `None` for a text that is too long for one.
    pub(super) fn qr(text: &str) -> Option<Self> {
        let code = QRBuilder::new(text).ecl(ECL::M).build().ok()?;
        let light = || vec![false; code.size + 2 * QUIET_QR];
        let mut rows = vec![light(); QUIET_QR];
        for row in code.data.chunks(code.size).take(code.size) {
            let mut drawn = light();
            drawn.iter_mut().skip(QUIET_QR).zip(row).for_each(|(dark, module)| *dark = module.value());
            rows.push(drawn);
        }
        rows.extend(vec![light(); QUIET_QR]);
        Some(Self { rows, row_height: 1 })
    }

    /// Draws the bars of Code 128 for an even number of digits. `None` for anything else.
    pub(super) fn bars(digits: &str) -> Option<Self> {
        let bars = Code128::new(format!("{DIGITS_ONLY}{digits}")).ok()?.encode();
        let quiet = || std::iter::repeat_n(false, QUIET_BARS);
        let row = quiet().chain(bars.into_iter().map(|bar| bar != 0)).chain(quiet()).collect();
        Some(Self { rows: vec![row], row_height: BAR_HEIGHT })
    }

    fn width(&self) -> usize {
        self.rows.first().map_or(0, Vec::len)
    }

    fn height(&self) -> usize {
        self.rows.len() * self.row_height
    }

    /// Draws it as SVG, one unit a module, with a text beside it for whoever does not see it.
    pub(super) fn svg(&self, label: &str) -> String {
        let (width, height) = (self.width(), self.height());
        let mut path = String::new();
        for (top, row) in self.rows.iter().enumerate() {
            for (left, length) in dark_runs(row) {
                let (top, high) = (top * self.row_height, self.row_height);
                // Writing to a text cannot fail.
                let _ = write!(path, "M{left} {top}h{length}v{high}h-{length}z");
            }
        }
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" shape-rendering=\"crispEdges\" \
             role=\"img\" aria-label=\"{label}\"><rect width=\"{width}\" height=\"{height}\" fill=\"#fff\"/>\
             <path d=\"{path}\"/></svg>\n"
        )
    }

    /// Draws it as PNG, black on white. `None` if it is larger than a PNG can be, which no code is.
    pub(super) fn png(&self) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        let side = |modules: usize| u32::try_from(modules * PIXELS).ok();
        let mut encoder = png::Encoder::new(&mut out, side(self.width())?, side(self.height())?);
        encoder.set_color(png::ColorType::Grayscale);
        encoder.set_depth(png::BitDepth::Eight);
        let mut writer = encoder.write_header().ok()?;
        let mut pixels = Vec::with_capacity(self.width() * self.height() * PIXELS * PIXELS);
        for row in &self.rows {
            let line: Vec<u8> = row.iter().flat_map(|dark| [if *dark { 0 } else { 255 }; PIXELS]).collect();
            for _ in 0..self.row_height * PIXELS {
                pixels.extend_from_slice(&line);
            }
        }
        writer.write_image_data(&pixels).ok()?;
        writer.finish().ok()?;
        Some(out)
    }
}

/// Lists where dark modules begin, and how many are in a row.
fn dark_runs(row: &[bool]) -> Vec<(usize, usize)> {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for (place, _) in row.iter().enumerate().filter(|(_, dark)| **dark) {
        match runs.last_mut().filter(|(left, length)| left + length == place) {
            Some((_, length)) => *length += 1,
            None => runs.push((place, 1)),
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_have_quiet_on_both_sides_and_a_known_beginning() {
        let picture = Picture::bars("123456").unwrap();
        let drawn: String = picture.rows[0].iter().map(|dark| if *dark { '1' } else { '0' }).collect();
        // Start C, then 12, 34, 56 (ISO/IEC 15417, Table 1).
        assert!(drawn.starts_with("000000000011010011100101100111001000101100011100010110"), "{drawn}");
        assert!(drawn.ends_with("11000111010110000000000"), "{drawn}");
        assert_eq!(Picture::bars("12345"), None, "an odd number of digits");
        assert_eq!(Picture::bars("12a4"), None);
    }

    #[test]
    fn an_svg_draws_the_dark_modules_and_no_others() {
        let picture =
            Picture { rows: vec![vec![true, true, false], vec![false, false, true]], row_height: 2 };
        let svg = picture.svg("7K3M");
        assert!(svg.contains("viewBox=\"0 0 3 4\"") && svg.contains("aria-label=\"7K3M\""), "{svg}");
        assert!(svg.contains("d=\"M0 0h2v2h-2zM2 2h1v2h-1z\""), "{svg}");
    }

    #[test]
    fn a_text_that_fits_no_qr_code_is_not_drawn() {
        assert_eq!(Picture::qr(&"A".repeat(5_000)), None);
    }
}
