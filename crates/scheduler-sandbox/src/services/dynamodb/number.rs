//! DynamoDB's numbers: decimal, 38 digits, compared by value and kept as text.

use std::cmp::Ordering;
use std::str::FromStr;

/// `0.d1d2d3... * 10^exponent`, with no zero at either end of the digits. Zero has no digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Number {
    negative: bool,
    digits: Vec<u8>,
    exponent: i32,
}

/// The text is no number, or one that DynamoDB does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NotANumber;

const MOST_DIGITS: usize = 38;

impl FromStr for Number {
    type Err = NotANumber;

    fn from_str(text: &str) -> Result<Self, NotANumber> {
        let (negative, unsigned) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse().map_err(|_| NotANumber)?),
            None => (unsigned, 0_i32),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let mut digits = digits(whole)?;
        let point = i32::try_from(digits.len()).map_err(|_| NotANumber)?;
        digits.extend(self::digits(fraction)?);
        if digits.is_empty() {
            return Err(NotANumber);
        }
        Self::normal(negative, digits, point.saturating_add(exponent))
    }
}

impl Number {
    fn normal(negative: bool, digits: Vec<u8>, exponent: i32) -> Result<Self, NotANumber> {
        let leading = digits.iter().take_while(|digit| **digit == 0).count();
        let trailing = digits.iter().rev().take_while(|digit| **digit == 0).count();
        if leading == digits.len() {
            return Ok(Self { negative: false, digits: Vec::new(), exponent: 0 });
        }
        let digits = digits[leading..digits.len() - trailing].to_vec();
        // There are fewer leading zeros than fit into an i32, or the length would not have.
        let exponent = exponent.saturating_sub(i32::try_from(leading).map_err(|_| NotANumber)?);
        let held = digits.len() <= MOST_DIGITS && (-129..=126).contains(&exponent);
        held.then_some(Self { negative, digits, exponent }).ok_or(NotANumber)
    }

    /// Minus one, nought or one.
    fn sign(&self) -> i8 {
        match (self.digits.is_empty(), self.negative) {
            (true, _) => 0,
            (false, true) => -1,
            (false, false) => 1,
        }
    }
}

fn digits(text: &str) -> Result<Vec<u8>, NotANumber> {
    text.bytes().map(|byte| byte.is_ascii_digit().then(|| byte - b'0').ok_or(NotANumber)).collect()
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        let sign = self.sign().cmp(&other.sign());
        // Of digits without zeros at the end, the shorter of two that begin alike is the smaller: Vec's own order.
        let size = self.exponent.cmp(&other.exponent).then_with(|| self.digits.cmp(&other.digits));
        sign.then(if self.negative { size.reverse() } else { size })
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_compare_by_value() {
        let ascending =
            ["-1e10", "-10", "-9.5", "-0.1", "0", "0.001", "1", "1.5", "2", "10", "1e2", "101"];
        for (position, small) in ascending.iter().enumerate() {
            for large in &ascending[position + 1..] {
                assert!(
                    small.parse::<Number>().unwrap() < large.parse().unwrap(),
                    "{small} {large}"
                );
            }
        }
    }

    #[test]
    fn one_value_has_many_spellings() {
        for (one, other) in
            [("1", "1.0"), ("100", "1E2"), ("0.5", ".5"), ("-0", "0"), ("+7", "007")]
        {
            assert_eq!(one.parse::<Number>(), other.parse::<Number>(), "{one} {other}");
        }
    }

    #[test]
    fn some_texts_are_no_numbers() {
        for text in [
            "",
            "-",
            ".",
            "1.2.3",
            "0x1",
            "NaN",
            "1e",
            "1e200",
            "123456789012345678901234567890123456789",
        ] {
            assert_eq!(text.parse::<Number>(), Err(NotANumber), "{text}");
        }
    }
}
