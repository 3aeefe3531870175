//! Numbers as people write them in tables: behind what their decimals stand, and what tells it.

use anyhow::bail;

/// Behind what the decimals of a column's numbers stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decimals {
    /// A point.
    BehindPoint,
    /// A comma; points may stand between thousands.
    BehindComma,
    /// Nobody knows: `1.234` may be either.
    Unknown,
}

/// What the numbers of a column tell of themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// None of them has decimals, or points between thousands.
    Nothing,
    /// Decimals behind a comma, or several points in a number, which can only stand between thousands.
    Comma,
    /// Decimals behind a point.
    Point,
    /// All points have one to three digits before and three behind them.
    Either,
}

impl Told {
    /// What a column of a file whose fields are kept apart by semicolons tells.
    pub(super) fn by(texts: &[String]) -> Self {
        let mut told = Self::Nothing;
        for text in texts {
            match Self::by_one(text.trim()) {
                Self::Comma => return Self::Comma,
                Self::Point => told = Self::Point,
                Self::Either if told == Self::Nothing => told = Self::Either,
                Self::Either | Self::Nothing => {}
            }
        }
        told
    }

    /// What a column tells of the others: only numbers do.
    pub(super) fn of_others(texts: &[String]) -> Self {
        let told = Self::by(texts);
        let decimals = if told == Self::Comma { Decimals::BehindComma } else { Decimals::BehindPoint };
        let are_numbers = texts.iter().all(|text| number(text, decimals).is_ok());
        if are_numbers { told } else { Self::Nothing }
    }

    fn by_one(text: &str) -> Self {
        let points = text.bytes().filter(|byte| *byte == b'.').count();
        if text.contains(',') || (1 < points && with_point(text).is_some()) {
            return Self::Comma;
        }
        if points != 1 || text.parse::<f64>().is_err() {
            return Self::Nothing;
        }
        if with_point(text).is_some() { Self::Either } else { Self::Point }
    }
}

/// Reads a number, or a truth value as one; nothing for what is missing.
pub(super) fn number(text: &str, decimals: Decimals) -> anyhow::Result<Option<f64>> {
    let written = text.trim().to_ascii_lowercase();
    let with_point = with_point(&written);
    let read = match written.as_str() {
        "" | "na" | "null" => return Ok(None),
        "true" => return Ok(Some(1.0)),
        "false" => return Ok(Some(0.0)),
        // Words for what is no number, or not finite, are the same everywhere.
        _ if decimals == Decimals::BehindComma => match written.contains(|one: char| one.is_ascii_digit()) {
            true => with_point.as_deref().and_then(|number| number.parse().ok()),
            false => written.parse().ok(),
        },
        _ => written.parse::<f64>().ok(),
    };
    match (read, decimals) {
        (Some(number), Decimals::Unknown) if Told::by_one(&written) == Told::Either => bail!(
            "`{text}` may be {} or {number}, and nothing in the file tells; write it without points between thousands, or with one or two decimals",
            with_point.unwrap_or_default().trim_end_matches(".0")
        ),
        (Some(number), _) => finite(Some(number), text),
        (None, Decimals::BehindPoint) if with_point.is_some() => bail!(
            "`{text}` is not a number; where fields are kept apart by commas or tabs, decimals stand behind a point"
        ),
        (None, Decimals::BehindComma) if written.parse::<f64>().is_ok() => bail!(
            "`{text}` is not a number; others of the column have their decimals behind a comma, or points between thousands"
        ),
        (None, _) => bail!("`{text}` is not a number"),
    }
}

/// Writes a number that has its decimals behind a comma, and perhaps points between thousands, with a point before its decimals. With a power of ten
/// there is nothing between thousands.
fn with_point(written: &str) -> Option<String> {
    let (mantissa, power) = match written.split_once(['e', 'E']) {
        Some((mantissa, power)) => (mantissa, Some(power)),
        None => (written, None),
    };
    let (whole, decimals) = match mantissa.split_once(',') {
        Some((whole, decimals)) => (whole, Some(decimals)),
        None => (mantissa, None),
    };
    let are_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let unsigned = |text: &str| text.strip_prefix(['-', '+']).unwrap_or(text).to_owned();
    let digits = unsigned(whole);
    let mut groups = digits.split('.');
    let first = groups.next()?;
    // Nobody writes a nought before thousands.
    let may_be_grouped = first.len() <= 3 && !first.starts_with('0') && power.is_none();
    let is_whole = are_digits(first)
        && (!whole.contains('.') || may_be_grouped)
        && groups.all(|group| group.len() == 3 && are_digits(group));
    let is_power = power.is_none_or(|power| are_digits(&unsigned(power)));
    let is_number = is_whole && decimals.is_none_or(are_digits) && is_power;
    let power = power.map(|power| format!("e{power}")).unwrap_or_default();
    is_number.then(|| format!("{}.{}{power}", whole.replace('.', ""), decimals.unwrap_or("0")))
}

/// Takes a NaN for missing, and refuses infinities.
pub(super) fn finite(number: Option<f64>, written: &str) -> anyhow::Result<Option<f64>> {
    match number {
        Some(number) if number.is_infinite() => bail!("`{written}` is not finite"),
        number => Ok(number.filter(|number| !number.is_nan())),
    }
}
