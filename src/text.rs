//! Text without `core::fmt`, which takes more room than all of rinit: one line in a fixed buffer,
//! lists of texts, and the numbers that people write.

use core::slice;

use crate::message::Message;
use crate::signal::Signal;

/// How long a line can get. What does not fit is cut off; the end of the line never is.
pub const LINE_MAX: usize = 2048;

/// How much of a word is shown, so that what follows it has room as well.
pub const WORD_MAX: usize = 800;

/// A line of text.
#[derive(Debug)]
#[repr(C)]
pub struct Line {
    len: usize,
    bytes: [u8; LINE_MAX],
}

impl Line {
    /// An empty line. What is added first says who speaks.
    #[must_use]
    pub fn new() -> Self {
        Self { len: 0, bytes: [0; LINE_MAX] }
    }

    /// Adds the text of `message`, in which `%` stands for `word`, and each `#` and `$` for the
    /// next of `numbers`: `#` for the number, `$` for the signal of that number.
    ///
    /// The word may come from anywhere: its control characters are shown as `?`, so that a line
    /// stays one line and a terminal is told nothing.
    #[inline(never)]
    pub fn add(&mut self, message: Message, word: &[u8], numbers: [u32; 2]) {
        if self.len == 0 {
            self.bytes(b"rinit: ");
        }
        let mut digits = [0; 10];
        // Which of the numbers is next.
        let mut next = 0;
        for byte in message.text() {
            let mut part = slice::from_ref(byte);
            if *byte == b'%' {
                part = word.get(..WORD_MAX).unwrap_or(word);
            }
            if matches!(byte, b'#' | b'$') {
                let number = numbers.get(next).copied().unwrap_or_default();
                next = 1;
                part = if *byte == b'$' { Signal::name_of(number) } else { b"" };
                if part.is_empty() {
                    part = decimal(number, &mut digits);
                } else {
                    self.bytes(b"SIG");
                }
            }
            self.bytes(part);
        }
    }

    /// Where it ends by now.
    #[must_use]
    pub fn end(&self) -> usize {
        self.len
    }

    /// Takes back what was added since it ended there.
    pub fn cut(&mut self, end: usize) {
        self.len = end;
    }

    /// The bytes to write, with a newline at the end.
    pub fn finish(&mut self) -> &[u8] {
        let line = self.bytes.get_mut(..=self.len).unwrap_or_default();
        if let [.., end] = line {
            *end = b'\n';
        }
        line
    }

    #[inline(never)]
    fn bytes(&mut self, text: &[u8]) {
        // The buffer's last byte is kept for the end of the line.
        let [room @ .., _] = &mut self.bytes;
        for byte in text {
            if let Some(slot) = room.get_mut(self.len) {
                *slot = if byte.is_ascii_control() { b'?' } else { *byte };
                self.len += 1;
            }
        }
    }
}

impl Default for Line {
    fn default() -> Self {
        Self::new()
    }
}

/// The text for `key` in a list of lines. A line that begins with a number and a blank is the text
/// for that number; any other is for the number after that of the line before it, and the first for
/// 0. The last is also for every number that has none.
#[must_use]
#[inline(never)]
pub fn entry(list: &'static [u8], key: u32) -> &'static [u8] {
    let mut rest = Some(list);
    let mut count = 0;
    loop {
        let mut line = cut(&mut rest, b'\n');
        let mut text = Some(line);
        if let Some(number) = number(cut(&mut text, b' '), u32::MAX) {
            count = number;
            line = text.unwrap_or_default();
        }
        if count == key || rest.is_none() {
            return line;
        }
        count += 1;
    }
}

/// A number in decimal digits; 4294967295 has ten.
#[must_use]
#[inline(never)]
pub fn decimal(number: u32, digits: &mut [u8; 10]) -> &[u8] {
    let mut rest = number;
    let mut start = digits.len();
    while let Some(digit) = digits.get_mut(start.wrapping_sub(1)) {
        *digit = b'0' + (rest % 10) as u8;
        rest /= 10;
        start -= 1;
        if rest == 0 {
            break;
        }
    }
    digits.get(start..).unwrap_or_default()
}

/// A decimal number from 0 to `max`, and nothing else around it.
#[must_use]
pub fn number(word: &[u8], max: u32) -> Option<u32> {
    scaled(word, 1, max).map(|number| number as u32)
}

/// A time or a length of time, in nanoseconds: enough for 584 years.
pub type Nanos = u64;

/// A second.
pub const SECOND: Nanos = 1_000_000_000;

/// The longest time that can be asked for, in seconds: more than nine years.
pub const SECONDS_MAX: u32 = 300_000_000;

/// Seconds with an optional fraction, as people write them: `5`, `0.25`, `.5`. Digits after the
/// ninth of a fraction are read and have no effect.
#[must_use]
pub fn seconds(word: &[u8]) -> Option<Nanos> {
    scaled(word, SECOND as u32, SECONDS_MAX)
}

/// A decimal number of units, `max` units at most; with a fraction where a unit has parts.
#[inline(never)]
fn scaled(word: &[u8], unit: u32, max: u32) -> Option<u64> {
    let limit = u64::from(max) * u64::from(unit);
    let mut sum = 0;
    // In 32 bits: not every machine divides more in one instruction.
    let mut place = unit;
    let mut has_digits = false;
    let mut in_fraction = false;
    for byte in word {
        let digit = u32::from(byte.wrapping_sub(b'0'));
        if digit <= 9 {
            has_digits = true;
            if in_fraction {
                place /= 10;
            } else {
                sum *= 10;
            }
            sum += u64::from(digit) * u64::from(place);
            if sum > limit {
                return None;
            }
        } else if *byte == b'.' && unit > 1 && !in_fraction {
            in_fraction = true;
        } else {
            return None;
        }
    }
    has_digits.then_some(sum)
}

/// What stands before the first `at`, and what after it; none where there is no `at`.
#[must_use]
#[inline(always)]
pub fn split(word: &[u8], at: u8) -> (&[u8], Option<&[u8]>) {
    let mut rest = Some(word);
    (cut(&mut rest, at), rest)
}

/// Takes what stands before the first `at`. What stands after it is left; none where there is no
/// `at`.
#[inline(never)]
pub fn cut<'a>(rest: &mut Option<&'a [u8]>, at: u8) -> &'a [u8] {
    let Some(word) = *rest else { return b"" };
    let mut place = 0;
    while place < word.len() {
        if word.get(place) == Some(&at) {
            *rest = word.get(place + 1..);
            return word.get(..place).unwrap_or_default();
        }
        place += 1;
    }
    *rest = None;
    word
}

/// What follows `prefix` in `word`; none where it begins otherwise, or the prefix is not made of
/// letters, digits, `-` and `_` alone.
#[must_use]
#[inline(never)]
pub fn after<'a>(prefix: &[u8], mut word: &'a [u8], case: Case) -> Option<&'a [u8]> {
    for byte in prefix {
        let [first, rest @ ..] = word else { return None };
        word = rest;
        let mut first = *first;
        if case == Case::Any {
            // What is no letter turns into no letter, digit or underscore.
            if first == b'-' {
                first = b'_';
            } else if first >= b'a' {
                first -= b'a' - b'A';
            }
        }
        if first != *byte || first < b'-' {
            return None;
        }
    }
    Some(word)
}

/// How letters are compared.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Case {
    /// Each is itself.
    Same,
    /// The prefix is in upper case, the word in any. As in the names of variables, `_` stands for
    /// `-`.
    Any,
}
