//! The dates of a cron expression: day-of-month or day-of-week, whichever is not `?`.

use chrono::{Datelike, NaiveDate, Weekday};

use super::field::{Bits, DAYS_OF_MONTH, DAYS_OF_WEEK, Field};
use crate::{
    grammar::{
        ExpressionError,
        term::{self, Part},
    },
    mistake::Code,
};

const SATURDAY: u32 = 7;

/// The days on which an expression fires, of those months and years that it names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Days {
    OfMonth(DaysOfMonth),
    OfWeek(DaysOfWeek),
}

impl Days {
    pub(super) fn parse(of_month: Part<'_>, of_week: Part<'_>) -> Result<Self, ExpressionError> {
        match (of_month.text, of_week.text) {
            ("?", "?") => Err(ExpressionError::new(
                Code::Conflict,
                of_week,
                "day-of-month and day-of-week are both `?`",
                "write `*` for one of them",
            )),
            ("?", _) => DaysOfWeek::parse(of_week).map(Days::OfWeek),
            (_, "?") => DaysOfMonth::parse(of_month).map(Days::OfMonth),
            _ => {
                DaysOfMonth::parse(of_month)?;
                DaysOfWeek::parse(of_week)?;
                let (part, name) = match of_month.text {
                    "*" => (of_month, "day-of-month"),
                    _ => (of_week, "day-of-week"),
                };
                let message = "day-of-month and day-of-week cannot both be given";
                let help = format!("write `?` for the {name}");
                Err(ExpressionError::new(Code::Conflict, part, message, help))
            }
        }
    }

    pub(super) fn contain(&self, date: NaiveDate, weekday: Weekday) -> bool {
        match self {
            Days::OfMonth(days) => days.contain(date),
            Days::OfWeek(days) => days.contain(date, weekday),
        }
    }

    /// The field day-of-month.
    pub(super) fn of_month(&self) -> String {
        match self {
            Days::OfMonth(days) => days.written(),
            Days::OfWeek(_) => "?".to_owned(),
        }
    }

    /// The field day-of-week.
    pub(super) fn of_week(&self) -> String {
        match self {
            Days::OfMonth(_) => "?".to_owned(),
            Days::OfWeek(days) => days.written(),
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct DaysOfMonth {
    /// Bit d: day d.
    days: u32,
    /// Bit n: n days before the month's last.
    before_last: u32,
    /// Bit d: the weekday (Monday to Friday) nearest to day d.
    nearest: u32,
    /// The month's last weekday.
    last_weekday: bool,
}

impl DaysOfMonth {
    fn parse(field: Part<'_>) -> Result<Self, ExpressionError> {
        let mut days = Self::default();
        field.split(',').try_for_each(|term| days.add(term))?;
        Ok(days)
    }

    fn add(&mut self, term: Part<'_>) -> Result<(), ExpressionError> {
        let is = |text: &str| term.text.eq_ignore_ascii_case(text);
        if is("L") {
            self.before_last |= 1;
        } else if is("LW") {
            self.last_weekday = true;
        } else if let Some((_, count)) = term.split_once('-').filter(|(last, _)| is_last(*last)) {
            self.before_last |= 1 << days_before(count)?;
        } else if let Some(day) = term::with_letter(term, 'W') {
            self.nearest |= 1 << single(&DAYS_OF_MONTH, day, "15W,16W")?;
        } else {
            self.days = DAYS_OF_MONTH.values(term)?.fold(self.days, |days, day| days | 1 << day);
        }
        Ok(())
    }

    fn contain(&self, date: NaiveDate) -> bool {
        let (day, length) = (date.day(), u32::from(date.num_days_in_month()));
        let is_nearest = |named| nearest_weekday(date, named) == Some(day);
        self.days & (1 << day) != 0
            || self.before_last & (1 << (length - day)) != 0
            || (self.last_weekday && is_nearest(length))
            || Bits(self.nearest.into()).any(is_nearest)
    }

    fn written(&self) -> String {
        let plain = (self.days != 0).then(|| DAYS_OF_MONTH.written(Bits(self.days.into())));
        let before_last = Bits(self.before_last.into())
            .map(|count| if count == 0 { "L".to_owned() } else { format!("L-{count}") });
        let nearest = Bits(self.nearest.into()).map(|day| format!("{day}W"));
        let last_weekday = self.last_weekday.then(|| "LW".to_owned());
        let terms = plain.into_iter().chain(before_last).chain(nearest).chain(last_weekday);
        terms.collect::<Vec<String>>().join(",")
    }
}

/// The day before the letter of `15W` and `FRIL`.
fn single(field: &Field, day: Part<'_>, example: &str) -> Result<u32, ExpressionError> {
    if day.text.contains(['-', '/']) {
        let message = format!("`{}` is not a single day", day.text);
        let help = format!("write each day with its letter, as in `{example}`");
        return Err(ExpressionError::new(Code::UnsupportedForm, day, message, help));
    }
    field.value(day)
}

fn is_last(part: Part<'_>) -> bool {
    part.text.eq_ignore_ascii_case("L")
}

/// The number of `L-3`.
fn days_before(part: Part<'_>) -> Result<u32, ExpressionError> {
    term::number(part).filter(|count| (1..=30).contains(count)).ok_or_else(|| {
        let message = format!("`{}` is not a number of days before the last", part.text);
        ExpressionError::new(Code::BadNumber, part, message, "write `L-1` to `L-30`, or `L`")
    })
}

/// The day that `15W` means in the month of a date; none if the month has no such day. It does not leave the month:
/// for a 1st on a Saturday it is the 3rd, and for a last day on a Sunday the Friday before.
fn nearest_weekday(date: NaiveDate, day: u32) -> Option<u32> {
    Some(match date.with_day(day)?.weekday() {
        Weekday::Sat if day == 1 => 3,
        Weekday::Sat => day - 1,
        Weekday::Sun if day == u32::from(date.num_days_in_month()) => day - 2,
        Weekday::Sun => day + 1,
        Weekday::Mon | Weekday::Tue | Weekday::Wed | Weekday::Thu | Weekday::Fri => day,
    })
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct DaysOfWeek {
    /// Bit d: every such day; 1 = Sunday.
    every: u8,
    /// Bit d: the last such day of a month.
    last: u8,
    nth: Option<Nth>,
}

/// The nth such day of a month.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Nth {
    day: u32,
    n: u32,
}

impl DaysOfWeek {
    fn parse(field: Part<'_>) -> Result<Self, ExpressionError> {
        let mut days = Self::default();
        match field.split_once('#') {
            Some((day, n)) => days.nth = Some(nth(field, day, n)?),
            None => field.split(',').try_for_each(|term| days.add(term))?,
        }
        Ok(days)
    }

    fn add(&mut self, term: Part<'_>) -> Result<(), ExpressionError> {
        if is_last(term) {
            self.every |= 1 << SATURDAY;
        } else if let Some(day) = term::with_letter(term, 'L') {
            self.last |= 1 << single(&DAYS_OF_WEEK, day, "THUL,FRIL")?;
        } else {
            self.every = DAYS_OF_WEEK.values(term)?.fold(self.every, |days, day| days | 1 << day);
        }
        Ok(())
    }

    /// Where a date counts as another weekday than its own, only plain weekdays mean it: the last Friday of a
    /// month and its second Tuesday are real ones.
    fn contain(&self, date: NaiveDate, weekday: Weekday) -> bool {
        let day = weekday.num_days_from_sunday() + 1;
        let is_last = || date.day() + 7 > u32::from(date.num_days_in_month());
        let is_nth = |nth| nth == Nth { day, n: date.day0() / 7 + 1 };
        self.every & (1 << day) != 0
            || (weekday == date.weekday()
                && ((self.last & (1 << day) != 0 && is_last()) || self.nth.is_some_and(is_nth)))
    }

    fn written(&self) -> String {
        let plain = (self.every != 0).then(|| DAYS_OF_WEEK.written(Bits(self.every.into())));
        let last = Bits(self.last.into()).map(|day| format!("{}L", DAYS_OF_WEEK.name(day)));
        let nth = self.nth.map(|Nth { day, n }| format!("{}#{n}", DAYS_OF_WEEK.name(day)));
        plain.into_iter().chain(last).chain(nth).collect::<Vec<String>>().join(",")
    }
}

/// `TUE#2`, which AWS wants to be the whole field.
fn nth(field: Part<'_>, day: Part<'_>, n: Part<'_>) -> Result<Nth, ExpressionError> {
    if field.text.contains(',') {
        let message = "a day with `#` has to stand alone";
        let help = "write a single one, as in `TUE#2`";
        return Err(ExpressionError::new(Code::UnsupportedForm, field, message, help));
    }
    let day = DAYS_OF_WEEK.value(day)?;
    let n = term::number(n).filter(|n| (1..=5).contains(n)).ok_or_else(|| {
        let message = format!("`{}` is not a week of the month", n.text);
        ExpressionError::new(Code::BadNumber, n, message, "write `#1` to `#5`")
    })?;
    Ok(Nth { day, n })
}
