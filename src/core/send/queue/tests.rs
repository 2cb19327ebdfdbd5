use super::*;
use proptest::prelude::{Strategy, any, prop_assert, prop_assert_eq, proptest};

const LINE: u32 = 3;

fn item(text: &str, supersede: Option<&str>) -> Box<Item> {
    Box::new(Item {
        line: LINE,
        text: text.into(),
        expires: Time(9),
        key: supersede.map(|name| key(LINE, name)),
        ..Item::default()
    })
}

fn push(queue: &mut Queue, item: Box<Item>) -> Result<Option<Box<Item>>, Full> {
    queue.push(item, &mut Timers::default())
}

fn texts(queue: &mut Queue) -> Vec<String> {
    std::iter::from_fn(|| queue.take(queue.first(LINE)?))
        .map(|item| item.text)
        .collect()
}

#[test]
fn keeps_order_and_supersedes_in_place() {
    let mut queue = Queue::new(10, 100);
    assert!(push(&mut queue, item("a", Some("k"))).unwrap().is_none());
    assert!(push(&mut queue, item("b", None)).unwrap().is_none());
    let replaced = push(&mut queue, item("c", Some("k"))).unwrap().unwrap();
    assert_eq!(replaced.text, "a");
    assert_eq!(texts(&mut queue), ["c", "b"]);
    assert_eq!(queue.bytes(), 0);
}

#[test]
fn refuses_beyond_its_bounds() {
    let mut queue = Queue::new(2, 5);
    assert!(push(&mut queue, item("abcd", None)).is_ok());
    assert_eq!(push(&mut queue, item("ab", None)).unwrap_err(), Full);
    assert!(push(&mut queue, item("a", None)).is_ok());
    assert_eq!(push(&mut queue, item("", None)).unwrap_err(), Full);
    assert_eq!((queue.len(), queue.bytes()), (2, 5));
    for (kind, text) in [(Kind::Reply, "reply"), (Kind::Sent, "")] {
        let mut unbounded = item(text, None);
        unbounded.kind = kind;
        assert!(push(&mut queue, unbounded).is_ok());
    }
    assert_eq!((queue.len(), queue.bytes()), (2, 5));
    assert_eq!(texts(&mut queue), ["abcd", "a", "reply", ""]);
    assert!(queue.is_empty());
    assert_eq!((queue.len(), queue.bytes()), (0, 0));
}

#[test]
fn attachments_count() {
    let mut queue = Queue::new(9, 10);
    let mut large = item("a", Some("k"));
    large.attachments = vec![Attachment { id: 1, size: 9 }];
    assert!(push(&mut queue, large).is_ok());
    assert_eq!(queue.bytes(), 10);
    assert_eq!(push(&mut queue, item("b", None)).unwrap_err(), Full);
    assert!(push(&mut queue, item("b", Some("k"))).unwrap().is_some());
    assert_eq!(queue.bytes(), 1);
}

#[test]
fn reminders_do_not_outgrow_the_messages() {
    let (mut queue, mut timers) = (Queue::new(10, 100), Timers::default());
    for now in 0..1000 {
        let mut message = item("a", None);
        message.expires = Time(now + 100_000);
        assert!(queue.push(message, &mut timers).is_ok());
        assert!(
            queue
                .first(LINE)
                .and_then(|place| queue.take(place))
                .is_some()
        );
    }
    assert_eq!(timers.len(), 1);
}

/// What happens to the queue.
#[derive(Clone, Debug)]
enum Step {
    /// A message for a line: its supersede key, its kind, its length, its age.
    Push(u32, Option<u8>, Kind, usize, u64),
    /// The first message of a line goes.
    Go(u32),
    /// One of those that wait is taken out.
    Take(usize),
    /// Time passes.
    Pass(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let kinds = proptest::sample::select(vec![
        Kind::Event,
        Kind::Event,
        Kind::Request,
        Kind::Sent,
        Kind::Reply,
    ]);
    let push = (
        0u32..3,
        proptest::option::of(0u8..3),
        kinds,
        0usize..20,
        0u64..50,
    )
        .prop_map(|(line, key, kind, length, age)| Step::Push(line, key, kind, length, age));
    let step = proptest::prop_oneof![
        4 => push,
        2 => (0u32..3).prop_map(Step::Go),
        1 => any::<proptest::sample::Index>().prop_map(|at| Step::Take(at.index(1000))),
        2 => (0u64..20).prop_map(Step::Pass),
    ];
    proptest::collection::vec(step, 0..300)
}

/// A message of the model, in the order in which the queue was given them: line, key, kind, text, when it is too old.
type Known = (u32, Option<String>, Kind, String, u64);

fn is_bounded(known: &Known) -> bool {
    matches!(known.2, Kind::Event | Kind::Request)
}

/// The queue, and the model: a list that is searched from its beginning.
struct Both {
    queue: Queue,
    timers: Timers,
    model: Vec<Known>,
    now: u64,
}

impl Both {
    fn bytes(&self) -> usize {
        let bounded = self.model.iter().filter(|known| is_bounded(known));
        bounded.map(|known| known.3.len()).sum()
    }

    fn push(&mut self, known: Known) -> Result<Option<String>, Full> {
        let older = self
            .model
            .iter()
            .position(|other| known.1.is_some() && other.1 == known.1);
        let bounded = |known: &Known| if is_bounded(known) { known.3.len() } else { 0 };
        let before = older.and_then(|at| self.model.get(at)).map_or(0, bounded);
        let full =
            older.is_none() && self.model.iter().filter(|known| is_bounded(known)).count() >= 20;
        if is_bounded(&known) && (full || self.bytes() - before + known.3.len() > 150) {
            return Err(Full);
        }
        if let Some(older) = older.and_then(|at| self.model.get_mut(at)) {
            return Ok(Some(std::mem::replace(older, known).3));
        }
        self.model.push(known);
        Ok(None)
    }

    /// The text of the first message in a line.
    fn first(&self, line: u32) -> Option<String> {
        let mut line = self.model.iter().filter(|known| known.0 == line);
        line.next().map(|known| known.3.clone())
    }

    /// Takes a message out of the model.
    fn take(&mut self, text: &str) {
        self.model.retain(|known| known.3 != text);
    }

    fn find(&self, text: &str) -> Option<u32> {
        (0..self.queue.slots.len() as u32)
            .find(|place| self.queue.get(*place).is_some_and(|item| item.text == text))
    }
}

proptest! {
    #[test]
    fn behaves_like_a_list_that_is_searched(steps in steps()) {
        let mut both = Both {
            queue: Queue::new(20, 150),
            timers: Timers::default(),
            model: Vec::new(),
            now: 0,
        };
        for (number, step) in steps.into_iter().enumerate() {
            match step {
                Step::Push(line, name, kind, length, age) => {
                    // Every text is another one.
                    let text = format!("{number:>length$}");
                    // What takes the place of another is of the same kind.
                    let name = name.map(|name| key(line, &format!("{kind:?} {name}")));
                    let item = Box::new(Item {
                        line,
                        key: name.clone(),
                        text: text.clone(),
                        expires: Time(both.now + age),
                        kind,
                        ..Item::default()
                    });
                    let pushed = both.queue.push(item, &mut both.timers);
                    let replaced = pushed.map(|older| older.map(|item| item.text));
                    prop_assert_eq!(replaced, both.push((line, name, kind, text, both.now + age)));
                }
                Step::Go(line) => {
                    let place = both.queue.first(line);
                    let item = place.and_then(|place| both.queue.take(place));
                    let first = both.first(line);
                    prop_assert_eq!(item.map(|item| item.text), first.clone());
                    both.take(&first.unwrap_or_default());
                }
                Step::Take(at) => if !both.model.is_empty() {
                    let text = both.model[at % both.model.len()].3.clone();
                    let place = both.find(&text);
                    prop_assert!(place.and_then(|place| both.queue.take(place)).is_some());
                    both.take(&text);
                },
                Step::Pass(ms) => {
                    both.now += ms;
                    let now = both.now;
                    let mut over = Vec::new();
                    while let Some(owner) = both.timers.due(Time(now)) {
                        let Owner::Message(place) = owner else { continue };
                        let item = both.queue.overdue(place, Time(now), &mut both.timers);
                        over.extend(item.map(|item| item.text));
                    }
                    for text in &over {
                        prop_assert!(both.model.iter().any(|known| known.3 == *text && known.4 <= now));
                        both.take(text);
                    }
                    prop_assert!(both.model.iter().all(|known| known.4 > now));
                }
            }
            let queue = &both.queue;
            let waiting = both.model.iter().filter(|known| is_bounded(known)).count();
            prop_assert_eq!((queue.len(), queue.bytes()), (waiting, both.bytes()));
            prop_assert_eq!(queue.is_empty(), both.model.is_empty());
            for known in both.model.iter().filter(|known| known.1.is_some()) {
                let name = known.1.as_deref().unwrap_or("");
                let found = queue.keyed(name).and_then(|place| queue.get(place));
                prop_assert_eq!(found.map(|item| &item.text), Some(&known.3));
            }
            // Those that came first have the smaller numbers, wherever they go to.
            let mut numbers: Vec<_> = queue.slots.iter().filter_map(|slot| slot.item.as_ref()).collect();
            numbers.sort_by_key(|item| item.number);
            let texts: Vec<_> = numbers.iter().map(|item| &item.text).collect();
            prop_assert_eq!(texts, both.model.iter().map(|known| &known.3).collect::<Vec<_>>());
        }
    }
}
