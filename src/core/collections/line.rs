//! Places in a table, first come first served: any of them can leave at any time.
//!
//! A linked list, closed to a ring: whatever happens to a place costs the same, however many there are.

/// What stands on either side.
#[derive(Clone, Copy, Debug)]
struct Node {
    before: u32,
    after: u32,
}

/// The list.
#[derive(Debug, Default)]
pub(crate) struct Line {
    /// The first node stands between the end and the beginning; a place's is the one behind its number. One that does not
    /// stand in the line is a ring of its own.
    nodes: Vec<Node>,
    len: usize,
}

impl Line {
    fn node(&self, node: u32) -> Node {
        let alone = Node {
            before: node,
            after: node,
        };
        self.nodes.get(node as usize).copied().unwrap_or(alone)
    }

    fn join(&mut self, before: u32, after: u32) {
        if let Some(node) = self.nodes.get_mut(before as usize) {
            node.after = after;
        }
        if let Some(node) = self.nodes.get_mut(after as usize) {
            node.before = before;
        }
    }

    /// Puts a place behind the others, wherever it stood.
    pub(crate) fn push(&mut self, place: u32) {
        self.put(place, 0);
    }

    /// Puts a place before another, wherever it stood. The other may stand in the line, or in a ring apart from it, alone
    /// or with others.
    pub(crate) fn put_before(&mut self, place: u32, other: u32) {
        self.put(place, other + 1);
    }

    fn put(&mut self, place: u32, after: u32) {
        self.remove(place);
        let node = place + 1;
        while self.nodes.len() <= node.max(after) as usize {
            let alone = self.node(self.nodes.len() as u32);
            self.nodes.push(alone);
        }
        self.join(self.node(after).before, node);
        self.join(node, after);
        self.len += 1;
    }

    /// Takes a place out, if it stands in the line.
    pub(crate) fn remove(&mut self, place: u32) {
        let node = place + 1;
        let Node { before, after } = self.node(node);
        if before != node {
            self.join(before, after);
            self.join(node, node);
            self.len -= 1;
        }
    }

    /// The place that stands behind another; behind none: the one that has stood there longest.
    pub(crate) fn after(&self, place: Option<u32>) -> Option<u32> {
        let node = place.map_or(0, |place| place + 1);
        self.node(node).after.checked_sub(1)
    }

    /// The place that has stood there longest.
    pub(crate) fn first(&self) -> Option<u32> {
        self.after(None)
    }

    /// Takes it out.
    pub(crate) fn pop(&mut self) -> Option<u32> {
        let first = self.first();
        if let Some(first) = first {
            self.remove(first);
        }
        first
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::Line;
    use proptest::prelude::{prop_assert_eq, proptest};

    proptest! {
        #[test]
        fn behaves_like_a_list(steps in proptest::collection::vec((0u32..8, 0u8..4), 0..200)) {
            let (mut line, mut model) = (Line::default(), Vec::new());
            for (place, what) in steps {
                if what == 0 {
                    let first = (!model.is_empty()).then(|| model.remove(0));
                    prop_assert_eq!(line.pop(), first);
                } else {
                    model.retain(|known| *known != place);
                    line.remove(place);
                    if what > 1 {
                        line.push(place);
                        model.push(place);
                    }
                }
                prop_assert_eq!((line.len(), line.first()), (model.len(), model.first().copied()));
            }
        }
    }
}
