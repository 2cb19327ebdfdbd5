//! `npm run bench:tables`: what one item of each table costs at 100, 10,000 and 100,000 items, as a Markdown table.
//!
//! `-- follow` measures the cases with that word in their name, `-- --most 10000` leaves larger sizes out.

#![allow(
    missing_docs,
    unreachable_pub,
    clippy::print_stdout,
    clippy::expect_used
)]

mod cases;
mod client;

use cases::CASES;
use std::time::Duration;

const SIZES: [usize; 3] = [100, 10_000, 100_000];

/// A size is measured again until it has taken so long in all; the least counts.
const ENOUGH: Duration = Duration::from_millis(500);
const MOST_ROUNDS: u32 = 50;

/// ns an item.
fn measure(run: fn(usize) -> Duration, size: usize) -> f64 {
    let (mut least, mut all) = (Duration::MAX, Duration::ZERO);
    for _ in 0..MOST_ROUNDS {
        let time = run(size);
        least = least.min(time);
        all += time;
        if all > ENOUGH {
            break;
        }
    }
    least.as_nanos() as f64 / size as f64
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let most = arguments
        .iter()
        .position(|argument| argument == "--most")
        .and_then(|at| arguments.get(at + 1)?.parse().ok())
        .unwrap_or(usize::MAX);
    let word = arguments
        .iter()
        .find(|argument| !argument.starts_with("--") && argument.parse::<usize>().is_err());
    println!("| ns an item | 100 | 10,000 | 100,000 | 100,000 ÷ 100 |");
    println!("| --- | ---: | ---: | ---: | ---: |");
    for case in CASES {
        if word.is_some_and(|word| !case.name.contains(word.as_str())) {
            continue;
        }
        let costs: Vec<Option<f64>> = SIZES
            .iter()
            .map(|size| (*size <= most).then(|| measure(case.run, *size)))
            .collect();
        let cell = |cost: &Option<f64>| cost.map_or("–".into(), |cost| format!("{cost:.0}"));
        let ratio = match (costs.first(), costs.last()) {
            (Some(Some(first)), Some(Some(last))) => format!("{:.1}", last / first),
            _ => "–".into(),
        };
        let cells: Vec<String> = costs.iter().map(cell).collect();
        println!("| {} | {} | {ratio} |", case.name, cells.join(" | "));
    }
}
