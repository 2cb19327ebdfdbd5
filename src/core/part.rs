//! State that only some builds have. In a build without Socket.IO the engine keeps none of it: what would use it is
//! never reached, and the compiler leaves it out.

/// The state itself, where the build has it.
#[cfg(feature = "socketio")]
pub(crate) type Part<T> = T;

/// Nothing, where it has not.
#[cfg(not(feature = "socketio"))]
#[derive(Debug)]
pub(crate) struct Part<T>(std::marker::PhantomData<T>);

#[cfg(not(feature = "socketio"))]
impl<T> Default for Part<T> {
    fn default() -> Self {
        Self(std::marker::PhantomData)
    }
}

#[cfg(not(feature = "socketio"))]
#[allow(clippy::empty_loop)] // never reached, and nothing that could be compiled to a panic
impl<T> std::ops::Deref for Part<T> {
    type Target = T;

    fn deref(&self) -> &T {
        loop {}
    }
}

#[cfg(not(feature = "socketio"))]
#[allow(clippy::empty_loop)] // as above
impl<T> std::ops::DerefMut for Part<T> {
    fn deref_mut(&mut self) -> &mut T {
        loop {}
    }
}
