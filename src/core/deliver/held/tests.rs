use super::*;

fn terms(about: &str) -> Terms<'_> {
    Terms {
        about,
        ..Terms::default()
    }
}

fn told(held: &mut Held, now: u64, taken: bool) -> String {
    let mut out = String::new();
    held.hand_over(Some(&mut out), Time(now), taken);
    out
}

#[test]
fn what_is_replaced_leaves_nothing_behind() {
    let mut held = Held::default();
    for number in 0..100_000 {
        held.push("a", &terms("x"), number.to_string(), &mut 0);
        if number % 100 == 0 {
            held.push("a", &terms(""), "own".into(), &mut 0);
        }
    }
    let most = 1000 + 2 * SPARE as usize;
    assert!(held.events.len() < most, "{}", held.events.len());
    let out = told(&mut held, 0, true);
    let told: Vec<&str> = out.split(',').collect();
    assert_eq!((told.len(), told.last()), (1001, Some(&"99999")));
    assert!(held.events.is_empty() && held.bytes == 0);
}

#[test]
fn a_hand_over_looks_at_what_it_tells_not_at_all_that_is_remembered() {
    const KEYS: u32 = 40_000;
    let mut held = Held::default();
    let push = |held: &mut Held, key: u32| {
        let about = key.to_string();
        let terms = Terms {
            interval: 1000,
            ..terms(&about)
        };
        held.push("a", &terms, about.clone(), &mut 0);
    };
    for key in 0..KEYS {
        push(&mut held, key);
    }
    told(&mut held, 0, true);
    assert_eq!(held.keys.len() as u32, KEYS);
    for taken in [true, false] {
        let hand = held.hand;
        push(&mut held, KEYS + u32::from(taken));
        assert_eq!(held.events.len(), 1);
        assert!(!told(&mut held, 500, taken).is_empty());
        assert!(held.hand - hand <= SWEPT);
    }
    // Each is remembered, for its interval.
    push(&mut held, 7);
    assert_eq!(told(&mut held, 999, true), "");
    assert_eq!(told(&mut held, 1000, true), "7");
    // Those for which nobody asks any more make room.
    for key in 0..KEYS {
        push(&mut held, 2 * KEYS + key);
        told(&mut held, 5000, true);
    }
    assert!(held.keys.len() as u32 <= KEYS + 2);
}

#[test]
fn an_end_that_names_no_job_is_told_at_once() {
    let mut held = Held::default();
    let end = Terms {
        urgent: true,
        ..terms("j")
    };
    held.push("a", &end, "end".into(), &mut 0);
    assert_eq!(told(&mut held, 0, false), "end");
}

#[test]
fn the_end_of_a_job_has_what_the_job_said_before_it() {
    let mut held = Held::default();
    let of = |about, job, urgent| Terms {
        about,
        job,
        interval: 1000,
        urgent,
        unheard: false,
    };
    held.push("a", &of("x", "1", false), "first".into(), &mut 0);
    held.push("a", &of("y", "2", false), "other".into(), &mut 0);
    assert_eq!(told(&mut held, 0, true), "first,other");
    held.push("a", &of("x", "1", false), "second".into(), &mut 0);
    held.push("a", &of("y", "2", false), "late".into(), &mut 0);
    assert_eq!(told(&mut held, 1, true), "");
    held.push("b", &of("x", "1", true), "end".into(), &mut 0);
    held.push("b", &of("x", "1", false), "behind".into(), &mut 0);
    held.push("a", &of("z", "1", false), "behind, too".into(), &mut 0);
    held.push("a", &of("z", "1", false), "the last".into(), &mut 0);
    assert_eq!(told(&mut held, 2, false), "second,end,the last");
    assert_eq!(told(&mut held, 1000, true), "late");
    assert_eq!(told(&mut held, 1002, true), "behind");
}

/// Nothing is timed: where an end looked at all that waits, this would take minutes.
#[test]
fn two_hundred_thousand_events_and_ends_are_told_in_order() {
    const COUNT: usize = 200_000;
    let mut held = Held::default();
    let of = |job, urgent| Terms {
        job,
        urgent,
        ..terms("")
    };
    let jobs: Vec<String> = (0..COUNT).map(|job| job.to_string()).collect();
    let taken = jobs
        .iter()
        .filter(|job| held.push("a", &of(job, false), "held".into(), &mut 0));
    assert_eq!(taken.count(), MOST_EVENTS);
    for job in &jobs {
        assert!(held.push("a", &of(job, true), job.clone(), &mut 0));
    }
    let out = told(&mut held, 0, false);
    assert!(out.ends_with(&format!(",held,{}", jobs.join(","))));
    assert_eq!(out.split(',').count(), MOST_EVENTS + COUNT);
    assert!(held.events.is_empty() && held.bytes == 0 && !held.urgent);
}

#[test]
fn a_job_that_ends_twice_has_what_it_said_before_its_last_end() {
    let mut held = Held::default();
    let of = |about, urgent| Terms {
        about,
        job: "1",
        interval: 1000,
        urgent,
        unheard: false,
    };
    held.push("a", &of("x", false), "first".into(), &mut 0);
    assert_eq!(told(&mut held, 0, true), "first");
    held.push("b", &of("", true), "end".into(), &mut 0);
    held.push("a", &of("x", false), "between".into(), &mut 0);
    held.push("b", &of("", true), "again".into(), &mut 0);
    assert_eq!(told(&mut held, 1, false), "end,between,again");
}

#[test]
fn a_longer_event_takes_no_place_where_there_is_no_room() {
    let mut held = Held::default();
    let mut lost = 0;
    let mut is_lost = |about, length: usize| {
        let before = lost;
        held.push("a", &terms(about), "x".repeat(length), &mut lost);
        lost > before
    };
    assert!(!is_lost("x", 1) && !is_lost("y", MAX_BYTES));
    assert!(is_lost("x", 2) && is_lost("z", 1));
    assert!(!is_lost("x", 1) && !is_lost("y", 1) && !is_lost("x", 2));
}
